"""A provider of either wire format, talking to a scriptable server."""

from collections.abc import AsyncIterator

import pytest

from chat.providers.anthropic import AnthropicProvider
from chat.providers.calling import HttpProvider
from chat.providers.openai import OpenAIProvider
from tests.provider_server import ProviderServer

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
async def openai(provider_server: ProviderServer) -> AsyncIterator[OpenAIProvider]:
    provider = OpenAIProvider(api_key=KEY, base_url=provider_server.openai_url)
    yield provider
    await provider.aclose()


@pytest.fixture
async def anthropic(provider_server: ProviderServer) -> AsyncIterator[AnthropicProvider]:
    provider = AnthropicProvider(api_key=KEY, base_url=provider_server.url)
    yield provider
    await provider.aclose()


@pytest.fixture(params=["openai", "anthropic"])
async def provider(
    request: pytest.FixtureRequest, openai: OpenAIProvider, anthropic: AnthropicProvider
) -> HttpProvider:
    """Each of them in turn."""
    return openai if request.param == "openai" else anthropic
