"""Which providers this installation has, and the one object for each of them in this process."""

import asyncio
import http.client
import importlib
import json
import urllib.request
from weakref import WeakKeyDictionary

from django.conf import settings

from chat.models import LanguageModel

from . import Provider

Kind = LanguageModel.Provider

OLLAMA_PROBE_S = 0.3

# The connections of a provider belong to an event loop, of which a server process has one.
_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Provider]] = WeakKeyDictionary()


async def provider_for(language_model: LanguageModel) -> Provider:
    """The provider that serves this model, for the running event loop."""
    return await load(Kind(language_model.provider))


def provider_of(kind: Kind) -> Provider:
    """The one object for a kind of provider; made, and its SDK imported (some 40 MB), when first asked for."""
    providers = _by_loop.setdefault(asyncio.get_running_loop(), {})
    if kind not in providers:
        providers[kind] = _make(kind)
    return providers[kind]


async def load(kind: Kind) -> Provider:
    """As ``provider_of``, with the import in a thread, so that nobody else waits for it."""
    if kind in _by_loop.get(asyncio.get_running_loop(), {}):
        return provider_of(kind)
    module = "openai" if kind == Kind.OLLAMA else kind.value
    await asyncio.to_thread(importlib.import_module, f"chat.providers.{module}")
    return provider_of(kind)


async def aclose_all() -> None:
    """Close the connections of every provider; for the end of a process."""
    for provider in _by_loop.pop(asyncio.get_running_loop(), {}).values():
        await provider.aclose()


async def installed() -> list[Kind]:
    """The providers that are set up, or the Ollama found on this machine, or else the demo."""
    kinds = []
    if settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL:
        kinds.append(Kind.ANTHROPIC)
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL:
        kinds.append(Kind.OPENAI)
    if kinds:
        return kinds
    return [Kind.OLLAMA] if await _ollama_answers() else [Kind.DEMO]


def _make(kind: Kind) -> Provider:
    """Lazily imported, so that an installation pays for the SDKs it uses."""
    if kind == Kind.ANTHROPIC:
        from .anthropic import AnthropicProvider

        return AnthropicProvider(api_key=settings.ANTHROPIC_API_KEY, base_url=settings.ANTHROPIC_BASE_URL)
    if kind == Kind.DEMO:
        from .demo import DemoProvider

        return DemoProvider()
    from .openai import OpenAIProvider

    if kind == Kind.OLLAMA:
        return OpenAIProvider(base_url=settings.OLLAMA_URL + "/v1")
    return OpenAIProvider(api_key=settings.OPENAI_API_KEY, base_url=settings.OPENAI_BASE_URL)


async def _ollama_answers() -> bool:
    """Whether an Ollama is there. Asked without an SDK: mostly none is, and then none is needed."""
    if not settings.OLLAMA_URL:
        return False
    try:
        return await asyncio.wait_for(asyncio.to_thread(_ask_ollama), OLLAMA_PROBE_S)
    except TimeoutError:
        return False


def _ask_ollama() -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(settings.OLLAMA_URL + "/api/version", timeout=OLLAMA_PROBE_S) as response:
            answer = json.loads(response.read(1000))
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return isinstance(answer, dict) and "version" in answer
