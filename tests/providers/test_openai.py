"""What an OpenAI-compatible server is asked, and what is learned from its refusals."""

import asyncio
from typing import Any

import pytest

from chat.providers import OfferedModel, ProviderError
from chat.providers.openai import OpenAIProvider
from chat.providers.seam import INSTRUCTION
from tests.provider_server import ProviderServer

from .reading import error_of, finish, prompt, read, usage


async def test_the_request_holds_the_conversation(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    await read(openai, prompt("one", "two", "three", system="Be brief.", stable_turns=2, temperature=0.5))
    assert provider_server.requests[0].path == "/v1/chat/completions"
    assert provider_server.requests[0].body == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 1000,
        "temperature": 0.5,
    }


REFUSED: list[tuple[str, str]] = [
    ("stream_options", "stream_options"),
    ("temperature", "temperature"),
    ("max_tokens", "max_tokens"),
]


@pytest.mark.parametrize(("parameter", "absent"), REFUSED)
async def test_a_refused_parameter_is_left_out_and_that_remembered(
    openai: OpenAIProvider, provider_server: ProviderServer, parameter: str, absent: str
) -> None:
    provider_server.script(refuse=(parameter,))
    for _ in range(2):
        assert finish(await read(openai, prompt(temperature=0.5))) == "stop"
    refused, *accepted = provider_server.requests
    assert absent in refused.body
    assert len(accepted) == 2
    assert not [request for request in accepted if absent in request.body]


async def test_the_limit_is_sent_under_the_other_name(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    provider_server.script(refuse=("max_tokens",))
    await read(openai)
    assert provider_server.requests[-1].body["max_completion_tokens"] == 1000


async def test_all_at_once_is_learned_in_one_call(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    provider_server.script(refuse=("temperature", "stream_options", "max_tokens"))
    assert finish(await read(openai, prompt(temperature=0.5))) == "stop"


async def test_calls_at_the_same_time_all_learn(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    provider_server.script(refuse=("stream_options", "max_tokens"), header_delay_s=0.05)
    answers = await asyncio.gather(*(read(openai) for _ in range(5)))
    assert {finish(deltas) for deltas in answers} == {"stop"}


async def test_a_server_that_knows_neither_name_is_an_error(
    openai: OpenAIProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(refuse=("max_tokens", "max_completion_tokens"))
    assert (await error_of(openai)).code == "upstream_failed"
    assert len(provider_server.requests) == 2


async def test_a_limit_that_is_only_too_large_is_not_renamed(
    openai: OpenAIProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(status=400, error_message="max_tokens is too large: 5000")
    await error_of(openai)
    assert len(provider_server.requests) == 1


async def test_hosted_openai_gets_the_new_limit_and_an_instruction() -> None:
    provider = OpenAIProvider(api_key="sk-x")
    body = provider._call(prompt("count", "One two ")).body
    assert body["max_completion_tokens"] == 1000
    assert body["messages"][-2:] == [
        {"role": "assistant", "content": "One two"},
        {"role": "user", "content": INSTRUCTION},
    ]
    await provider.aclose()


async def test_usage_in_every_chunk_ends_with_the_last(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    event = 'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n'
    provider_server.script(tokens=3, interject=event, usage={"prompt_tokens": 5, "completion_tokens": 3})
    counted = usage(await read(openai))
    assert counted
    assert counted.output_tokens == 3


async def test_content_in_parts_is_text(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    parts = '[{"type":"text","text":"Hello"},{"type":"image","url":"x"}]'
    event = f'data: {{"choices":[{{"index":0,"delta":{{"content":{parts}}}}}]}}\n\n'
    provider_server.script(tokens=(" you",), interject=event)
    deltas = await read(openai)
    assert [getattr(delta, "text", "") for delta in deltas][:2] == ["Hello", " you"]


async def test_models_are_asked_for_the_newest_first(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    rows = '{"id":"old","created":1},{"id":"new","created":9,"max_model_len":4096,"max_output_tokens":512}'
    provider_server.models_body = f'{{"object":"list","data":[{rows},{{"id":7}},{{"id":""}},"x"]}}'.encode()
    assert await openai.offered_models() == [OfferedModel("new", "", 4096, 512), OfferedModel("old")]


@pytest.mark.parametrize("body", [b"[]", b"<html>", b'{"data":7}', b'{"data":'])
async def test_a_list_of_models_that_is_none_is_an_error(
    openai: OpenAIProvider, provider_server: ProviderServer, body: bytes
) -> None:
    provider_server.models_body = body
    with pytest.raises(ProviderError) as raised:
        await openai.offered_models()
    assert raised.value.code == "upstream_failed"


async def test_a_models_page_that_hangs_is_given_up(
    openai: OpenAIProvider, provider_server: ProviderServer, settings: Any
) -> None:
    settings.CONNECT_TIMEOUT_S = 0.05
    provider_server.lookup_delay_s = 60
    with pytest.raises(ProviderError):
        await openai.offered_models()
