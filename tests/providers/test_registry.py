"""Which providers an installation has, and the one object for each."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chat.models import LanguageModel
from chat.providers.anthropic import AnthropicProvider
from chat.providers.demo import DemoProvider
from chat.providers.openai import OpenAIProvider
from chat.providers.registry import Kind, aclose_all, installed, load, provider_for, provider_of
from tests.provider_server import ProviderServer

from .reading import finish, prompt, read

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
async def _closed() -> Any:
    yield
    await aclose_all()


async def test_with_nothing_set_there_is_the_demo() -> None:
    assert await installed() == [Kind.DEMO]


async def test_an_ollama_that_answers_is_used(provider_server: ProviderServer, settings: Any) -> None:
    provider_server.is_ollama = True
    settings.OLLAMA_URL = provider_server.url
    assert await installed() == [Kind.OLLAMA]
    assert finish(await read(provider_of(Kind.OLLAMA), prompt())) == "stop"


@pytest.mark.parametrize("answer", ["not Ollama", "slow", "gone"])
async def test_what_is_no_ollama_is_not_used(provider_server: ProviderServer, settings: Any, answer: str) -> None:
    settings.OLLAMA_URL = provider_server.url
    provider_server.is_ollama = answer == "slow"
    provider_server.lookup_delay_s = 60 if answer == "slow" else 0
    if answer == "gone":
        provider_server.stop()
    assert await installed() == [Kind.DEMO]


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ({"ANTHROPIC_API_KEY": "k"}, [Kind.ANTHROPIC]),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}, [Kind.ANTHROPIC]),
        ({"OPENAI_API_KEY": "k"}, [Kind.OPENAI]),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, [Kind.OPENAI]),
        ({"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}, [Kind.ANTHROPIC, Kind.OPENAI]),
    ],
    ids=str,
)
async def test_what_is_set_is_what_there_is(
    provider_server: ProviderServer, settings: Any, given: dict[str, str], kinds: list[Kind]
) -> None:
    provider_server.is_ollama = True
    settings.OLLAMA_URL = provider_server.url
    for name, value in given.items():
        setattr(settings, name, value)
    assert await installed() == kinds


async def test_there_is_one_provider_for_each_kind(settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    settings.ANTHROPIC_API_KEY = "k"
    one = await provider_for(LanguageModel(name="a", provider=Kind.OPENAI))
    assert isinstance(one, OpenAIProvider)
    assert await provider_for(LanguageModel(name="b", provider=Kind.OPENAI)) is one
    assert isinstance(provider_of(Kind.ANTHROPIC), AnthropicProvider)
    assert isinstance(await load(Kind.DEMO), DemoProvider)


async def test_closing_makes_room_for_new_ones(settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    one = provider_of(Kind.OPENAI)
    await aclose_all()
    assert provider_of(Kind.OPENAI) is not one


def test_no_sdk_is_imported_without_need() -> None:
    """Each costs some 40 MB."""
    program = (
        "import asyncio, sys, django; django.setup();"
        "from chat.providers import catalogue, registry; asyncio.run(registry.load(registry.Kind.DEMO));"
        "print([name for name in ('openai', 'anthropic', 'aiohttp', 'httpx2', 'pydantic') if name in sys.modules])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
