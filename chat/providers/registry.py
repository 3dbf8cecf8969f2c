"""Which providers this installation has, and the one object for each of them in this process."""

import asyncio
import http.client
import importlib
import json
import urllib.request
from typing import NamedTuple
from weakref import WeakKeyDictionary

from django.conf import settings

from chat.database import in_database
from chat.models import LanguageModel, ProviderConnection

from . import Provider

Kind = LanguageModel.Provider

OLLAMA_PROBE_S = 0.3

# The connections of a provider belong to an event loop, of which a server process has one.
_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Provider]] = WeakKeyDictionary()


class Source(NamedTuple):
    """Where models come from: a provider that the environment names, or a connection that an admin has made."""

    kind: Kind
    connection: ProviderConnection | None = None

    @property
    def key(self) -> str:
        """Another one when the connection has been changed: what is under the old one serves out its calls."""
        return f"connection:{self.connection.pk}:{self.connection.revision}" if self.connection else self.kind

    @property
    def label(self) -> str:
        return self.connection.name if self.connection else str(self.kind.label)


async def provider_for(language_model: LanguageModel) -> Provider:
    """The provider that serves this model, for the running event loop. Its connection must be loaded."""
    return await load(Kind(language_model.provider), language_model.connection)


def provider_of(kind: Kind, connection: ProviderConnection | None = None) -> Provider:
    """The one object for a provider; made, and its SDK imported (some 40 MB), when first asked for."""
    providers = _by_loop.setdefault(asyncio.get_running_loop(), {})
    key = Source(kind, connection).key
    if key not in providers:
        providers[key] = make(kind, connection)
    return providers[key]


async def load(kind: Kind, connection: ProviderConnection | None = None) -> Provider:
    """As ``provider_of``, with the import in a thread, so that nobody else waits for it."""
    if Source(kind, connection).key not in _by_loop.get(asyncio.get_running_loop(), {}):
        await import_sdk(kind)
    return provider_of(kind, connection)


async def import_sdk(kind: Kind) -> None:
    module = "openai" if kind == Kind.OLLAMA else kind.value
    await asyncio.to_thread(importlib.import_module, f"chat.providers.{module}")


async def aclose_all() -> None:
    """Close the connections of every provider; for the end of a process."""
    for provider in _by_loop.pop(asyncio.get_running_loop(), {}).values():
        await provider.aclose()


def configured() -> list[Kind]:
    """The providers that the environment names."""
    kinds = []
    if settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL:
        kinds.append(Kind.ANTHROPIC)
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL:
        kinds.append(Kind.OPENAI)
    return kinds


async def installed() -> list[Kind]:
    """The providers that the environment names, or the Ollama found on this machine, or else the demo."""
    return configured() or ([Kind.OLLAMA] if await _ollama_answers() else [Kind.DEMO])


async def sources() -> list[Source]:
    """All that models come from: the environment's providers, then the connections; what is installed without them."""
    connections = await in_database(list, ProviderConnection.objects.filter(enabled=True))
    kinds = configured() if connections else await installed()
    return [Source(kind) for kind in kinds] + [Source(Kind(one.kind), one) for one in connections]


def make(kind: Kind, connection: ProviderConnection | None = None) -> Provider:
    """Lazily imported, so that an installation pays for the SDKs it uses."""
    if kind == Kind.ANTHROPIC:
        from .anthropic import AnthropicProvider

        if connection is not None:
            return AnthropicProvider(api_key=connection.key, base_url=connection.address)
        return AnthropicProvider(api_key=settings.ANTHROPIC_API_KEY, base_url=settings.ANTHROPIC_BASE_URL)
    if kind == Kind.DEMO:
        from .demo import DemoProvider

        return DemoProvider()
    from .openai import OpenAIProvider

    if connection is not None:
        return OpenAIProvider(api_key=connection.key, base_url=connection.address)
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
