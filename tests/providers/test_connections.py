"""Connections: kept when an answer ended well, closed at once when it is left, and never a raw error."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from chat.providers import ProviderError
from chat.providers.anthropic import AnthropicProvider
from chat.providers.calling import HttpProvider
from chat.providers.openai import OpenAIProvider
from tests.provider_server import ProviderServer

from .conftest import KEY
from .reading import error_of, finish, prompt, read, text


async def test_leaving_early_closes_the_providers_connection(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(tokens=3, ending="silence")
    async with provider.stream(prompt()) as packets:
        async for packet in packets:
            if text(packet):
                break
    request = provider_server.requests[0]
    await request.aleft()
    assert request.left_how in {"closed", "reset"}  # a reset when it had not read all that had come


async def test_cancelling_the_reader_closes_it_too(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=3, ending="silence")
    reader = asyncio.create_task(read(provider))
    await (await provider_server.arequest()).asent(3)
    reader.cancel()
    await provider_server.requests[0].aleft()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_cancelling_before_the_headers_closes_it_too(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(header_delay_s=60)
    reader = asyncio.create_task(read(provider))
    request = await provider_server.arequest()
    reader.cancel()
    await request.aleft()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_a_fast_stream_that_is_left_stops(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=1_000_000)
    async with provider.stream(prompt(max_output_tokens=1_000_000)) as packets:
        await anext(packets)
    request = provider_server.requests[0]
    await request.aleft()
    assert len(request.sent) < 1_000_000


async def test_a_connection_is_used_again(provider: HttpProvider, provider_server: ProviderServer) -> None:
    for _ in range(3):
        assert finish(await read(provider)) == "stop"
    assert len({request.connection for request in provider_server.requests}) == 1


async def test_a_refused_call_leaves_the_connection_usable(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script_next(status=429)
    await error_of(provider)
    await read(provider)
    assert len({request.connection for request in provider_server.requests}) == 1


async def test_a_kept_connection_that_was_closed_meanwhile_fails_nothing(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    await read(provider)
    provider_server.close_idle()
    assert finish(await read(provider)) == "stop"


async def test_a_kept_connection_that_closes_under_the_request_is_tried_once_more(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    await read(provider)
    provider_server.script_next(ending="hang_up")
    assert finish(await read(provider)) == "stop"
    assert len(provider_server.requests) == 3


async def test_a_provider_that_always_hangs_up_is_an_error_after_two_tries(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    await read(provider)
    provider_server.script(ending="hang_up")
    error = await error_of(provider)
    assert (error.code, error.retryable) == ("upstream_failed", True)
    assert len(provider_server.requests) == 3


async def test_a_first_connection_that_closes_is_not_tried_again(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(ending="hang_up")
    assert (await error_of(provider)).code == "upstream_failed"
    assert len(provider_server.requests) == 1


async def test_a_server_that_comes_back_is_reached_again(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    await read(provider)
    provider_server.stop()
    error = await error_of(provider)
    assert (error.code, error.retryable) == ("upstream_failed", True)
    assert "reached" in error.message
    provider_server.start()
    assert finish(await read(provider)) == "stop"


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
async def test_a_host_that_does_not_exist_could_not_be_reached(
    kind: type[OpenAIProvider] | type[AnthropicProvider],
) -> None:
    provider = kind(api_key=KEY, base_url="http://nowhere.invalid/v1")
    try:
        error = await error_of(provider)
        assert (error.code, error.retryable) == ("upstream_failed", True)
        with pytest.raises(ProviderError):
            await provider.offered_models()
    finally:
        await provider.aclose()


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
async def test_a_host_that_takes_no_connection_is_given_up(
    kind: type[OpenAIProvider] | type[AnthropicProvider], settings: Any
) -> None:
    """A full backlog: the kernel drops what comes next, as a host behind a silent firewall does."""
    settings.CONNECT_TIMEOUT_S = 0.2
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        silent = kind(api_key=KEY, base_url=f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        error = await error_of(silent)
        await silent.aclose()
    assert (error.code, error.retryable) == ("upstream_failed", True)


async def test_a_redirect_is_not_followed_with_the_key(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(status=307, location=provider_server.openai_url + "/chat/completions")
    error = await error_of(provider)
    assert (error.code, error.retryable) == ("upstream_failed", False)
    assert len(provider_server.requests) == 1


async def test_a_finish_is_not_held_back_by_a_response_that_does_not_end(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(tokens=3, ending="finish_open")
    async with provider.stream(prompt()) as packets:
        deltas = [delta async for packet in packets for delta in packet]
    assert finish(deltas) == "stop"
    await provider_server.requests[0].aleft()


async def test_many_streams_run_at_once(provider: HttpProvider, provider_server: ProviderServer) -> None:
    """More than the hundred connections that aiohttp allows by itself."""
    provider_server.script(tokens=3, first_token_delay_s=0.5)
    answers = await asyncio.gather(*(read(provider) for _ in range(150)))
    assert {finish(deltas) for deltas in answers} == {"stop"}
    assert len({request.connection for request in provider_server.requests}) == 150


async def test_the_request_says_nothing_of_this_machine(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    await read(provider)
    headers = provider_server.requests[0].headers
    assert headers["user-agent"] == "Parley"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert not [name for name in headers if name.startswith("x-stainless")]


@pytest.mark.parametrize("kind", [OpenAIProvider, AnthropicProvider])
async def test_without_a_key_none_is_sent(
    provider_server: ProviderServer, kind: type[OpenAIProvider] | type[AnthropicProvider]
) -> None:
    url = provider_server.openai_url  # Anthropic's provider takes the address with or without /v1
    provider = kind(base_url=url)
    try:
        assert finish(await read(provider)) == "stop"
        assert not {"authorization", "x-api-key"} & set(provider_server.requests[0].headers)
    finally:
        await provider.aclose()
