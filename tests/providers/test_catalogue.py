"""The rows of language models follow what the providers offer, and leave alone what an admin set."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.models import LanguageModel
from chat.providers.catalogue import keep_in_step, sync_models
from chat.providers.known_limits import is_for_chat, limits_of
from chat.providers.registry import aclose_all
from tests.provider_server import ProviderServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await aclose_all()


@pytest.fixture
def server(provider_server: ProviderServer, settings: Any) -> ProviderServer:
    """An OpenAI-compatible server that is set up."""
    settings.OPENAI_BASE_URL = provider_server.openai_url
    provider_server.models = ["alpha", "beta", "text-embedding-3-small"]
    return provider_server


@sync_to_async
def seen() -> list[str]:
    """What people can choose, the default first."""
    return [model.name for model in LanguageModel.objects.visible_to(None)]


@sync_to_async
def change(name: str, **fields: Any) -> None:
    assert LanguageModel.objects.filter(name=name).update(**fields) == 1


async def test_models_are_asked_from_the_server(server: ProviderServer) -> None:
    assert await sync_models()
    assert await seen() == ["alpha", "beta"]
    alpha = await LanguageModel.objects.aget(name="alpha")
    assert (alpha.provider, alpha.is_default, alpha.max_output_tokens) == ("openai", True, 4096)


async def test_models_that_are_named_are_not_asked_for(server: ProviderServer, settings: Any) -> None:
    settings.OPENAI_MODELS = ["gamma", "text-embedding-mine"]
    assert await sync_models()
    assert await seen() == ["gamma", "text-embedding-mine"]
    assert server.lookups == []


async def test_both_providers_are_offered(server: ProviderServer, settings: Any) -> None:
    settings.ANTHROPIC_BASE_URL = server.url
    settings.ANTHROPIC_MODELS = ["claude-opus-4-5", "alpha"]
    await sync_models()
    assert await seen() == ["claude-opus-4-5", "alpha", "beta"]
    assert (await LanguageModel.objects.aget(name="alpha")).provider == "anthropic"


async def test_an_ollama_is_offered(provider_server: ProviderServer, settings: Any) -> None:
    provider_server.is_ollama = True
    provider_server.models = ["llama3.1:8b"]
    settings.OLLAMA_URL = provider_server.url
    assert await sync_models()
    model = await LanguageModel.objects.aget()
    assert (model.name, model.provider, model.context_window) == ("llama3.1:8b", "ollama", 4096)


async def test_with_nothing_set_up_there_is_the_demo() -> None:
    assert not await sync_models()
    assert await seen() == ["demo"]


async def test_the_demo_goes_when_a_provider_comes(server: ProviderServer, settings: Any) -> None:
    settings.OPENAI_BASE_URL = ""
    await sync_models()
    settings.OPENAI_BASE_URL = server.openai_url
    await sync_models()
    assert await seen() == ["alpha", "beta"]
    assert await LanguageModel.objects.filter(name="demo").aexists()


async def test_what_an_admin_set_stays(server: ProviderServer) -> None:
    await sync_models()
    await change("beta", enabled=False, context_window=777, label="Mine")
    await sync_models()
    beta = await LanguageModel.objects.aget(name="beta")
    assert (beta.enabled, beta.context_window, beta.label) == (False, 777, "Mine")
    assert await seen() == ["alpha"]


async def test_a_model_no_longer_offered_is_kept_out_of_sight(server: ProviderServer) -> None:
    await sync_models()
    server.models = ["beta"]
    await sync_models()
    assert await seen() == ["beta"]
    server.models = ["alpha", "beta"]
    await sync_models()
    assert sorted(await seen()) == ["alpha", "beta"]


async def test_a_model_an_admin_disabled_stays_so_when_it_comes_back(server: ProviderServer) -> None:
    await sync_models()
    await change("alpha", enabled=False)
    server.models = ["beta"]
    await sync_models()
    server.models = ["alpha", "beta"]
    await sync_models()
    assert await seen() == ["beta"]


@pytest.mark.parametrize("how", ["gone", "slow"])
async def test_a_provider_that_does_not_answer_keeps_its_rows(server: ProviderServer, how: str) -> None:
    await sync_models()
    if how == "gone":
        server.stop()
    server.lookup_delay_s = 60
    assert not await sync_models(timeout_s=0.1)
    assert await seen() == ["alpha", "beta"]


async def test_a_provider_that_was_away_is_asked_again(server: ProviderServer) -> None:
    server.stop()
    assert not await sync_models()
    assert await seen() == []
    server.start()
    await asyncio.wait_for(keep_in_step(pause_s=0.01), 10)
    assert await seen() == ["alpha", "beta"]


async def test_the_default_is_the_one_that_is_set(server: ProviderServer, settings: Any) -> None:
    settings.DEFAULT_MODEL = "beta"
    await sync_models()
    assert await seen() == ["beta", "alpha"]


async def test_an_unknown_default_is_said_and_the_first_is_used(
    server: ProviderServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEFAULT_MODEL = "omega"
    await sync_models()
    assert await seen() == ["alpha", "beta"]
    assert "DEFAULT_MODEL is omega" in caplog.text


async def test_an_admins_default_stays(server: ProviderServer) -> None:
    await sync_models()
    await change("alpha", is_default=False)
    await change("beta", is_default=True)
    await sync_models()
    assert await seen() == ["beta", "alpha"]


async def test_what_the_server_says_of_limits_counts(server: ProviderServer) -> None:
    server.models_body = b'{"data":[{"id":"alpha","max_model_len":3000},{"id":"claude-9","context_length":500000}]}'
    await sync_models()
    rows = {model.name: model async for model in LanguageModel.objects.all()}
    assert (rows["alpha"].context_window, rows["alpha"].max_output_tokens) == (3000, 1500)
    assert rows["claude-9"].context_window == 500_000


@pytest.mark.parametrize(
    ("name", "window"),
    [("gpt-4o-mini", 128_000), ("gpt-4", 8_192), ("openai/gpt-4.1", 1_000_000), ("claude-x", 200_000), ("?", 32_768)],
)
def test_the_longest_known_prefix_gives_the_limits(name: str, window: int) -> None:
    assert limits_of(name)[0] == window


@pytest.mark.parametrize(
    ("name", "chats"),
    [
        ("gpt-4o", True),
        ("meta-llama/Llama-3.1-8B-Instruct", True),
        ("o3-mini", True),
        ("text-embedding-3-small", False),
        ("nomic-embed-text", False),
        ("tts-1", False),
        ("whisper-1", False),
        ("omni-moderation-latest", False),
        ("gpt-image-1", False),
        ("dall-e-3", False),
        ("gpt-4o-realtime-preview", False),
        ("o1-pro", False),
    ],
)
def test_models_that_cannot_chat_are_known_by_name(name: str, chats: bool) -> None:
    assert is_for_chat(name) == chats
