"""Both wire formats: what a provider streams, well and badly, becomes the right deltas."""

import json
from typing import Any

import pytest

from chat.providers import Delta
from chat.providers.calling import HttpProvider
from chat.providers.openai import OpenAIProvider
from tests.provider_server import ProviderServer

from .reading import error_of, finish, prompt, read, text, thinking, usage

WORDS = ("Grüße", " aus ", "東京", " 😀", "\n\n", "done")


async def test_text_usage_and_finish_arrive(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=WORDS)
    deltas = await read(provider, prompt("one two three"))
    counted = usage(deltas)
    assert text(deltas) == "".join(WORDS)
    assert finish(deltas) == "stop"
    assert counted
    assert counted.input_tokens
    assert counted.output_tokens == len(WORDS)


async def test_reasoning_is_thinking(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=("yes",), thinking=("let me", " see"))
    deltas = await read(provider)
    assert (thinking(deltas), text(deltas)) == ("let me see", "yes")


async def test_a_newer_name_for_reasoning_is_known(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=("yes",), thinking=("hm",), thinking_field="reasoning")
    assert thinking(await read(openai)) == "hm"


async def test_all_tokens_of_one_read_come_together(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=64, tokens_per_packet=32)
    async with provider.stream(prompt()) as packets:
        sizes = [len(packet) async for packet in packets]
    assert max(sizes) >= 32


@pytest.mark.parametrize(
    "how",
    [
        {"crlf": True},
        {"comments": True},
        {"space": False},
        {"multiline": True},
        {"packet_bytes": 1},
        {"packet_bytes": 3},
        {"packet_bytes": 7, "crlf": True, "comments": True, "packet_pause_s": 0.0005},
        {"tokens_per_packet": 4},
        {"keep_alive": False},
        {"rate": 1000},
    ],
    ids=str,
)
async def test_the_text_is_the_same_however_it_is_sent(
    provider: HttpProvider, provider_server: ProviderServer, how: dict[str, Any]
) -> None:
    provider_server.script(tokens=WORDS, **how)
    deltas = await read(provider)
    assert (text(deltas), finish(deltas)) == ("".join(WORDS), "stop")


async def test_an_event_larger_than_a_read_is_one_delta(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(tokens=("ä" * 200_000,), packet_bytes=10_000)
    assert text(await read(provider)) == "ä" * 200_000


HARMLESS = [
    'event: from.the.future\ndata: {"type":"from.the.future","delta":{"surprise":[1]}}\n\n',
    'data: {"type":"ping"}\n\n',
    'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}\n\n',
    'data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{"}}\n\n',
    'data: {"choices":[],"usage":null}\n\n',
]


@pytest.mark.parametrize("event", HARMLESS)
async def test_what_is_not_known_is_ignored(
    provider: HttpProvider, provider_server: ProviderServer, event: str
) -> None:
    provider_server.script(tokens=WORDS, interject=event, interject_at=2)
    deltas = await read(provider)
    assert (text(deltas), finish(deltas)) == ("".join(WORDS), "stop")


async def test_a_nul_character_is_left_out(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=("a\0b", "\0", "c"), thinking=("h\0", "\0", "m"))
    deltas = await read(provider)
    assert (thinking(deltas), text(deltas)) == ("hm", "abc")


@pytest.mark.parametrize("ending", ["close", "cut", "reset"])
async def test_a_stream_without_its_finish_just_ends(
    provider: HttpProvider, provider_server: ProviderServer, ending: Any
) -> None:
    provider_server.script(tokens=WORDS, ending=ending, after=3)
    deltas = await read(provider)
    assert text(deltas) == "".join(WORDS[:3])
    assert finish(deltas) is None


@pytest.mark.parametrize("ending", ["close", "cut", "reset"])
async def test_an_answer_that_had_finished_is_complete_however_the_stream_ends(
    provider: HttpProvider, provider_server: ProviderServer, ending: Any
) -> None:
    done = '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"choices":[{"delta":{},"finish_reason":"stop"}]}'
    provider_server.script(tokens=WORDS, interject=f"data: {done}\n\n", interject_at=5, ending=ending)
    deltas = await read(provider)
    assert (text(deltas), finish(deltas)) == ("".join(WORDS), "stop")


@pytest.mark.parametrize(
    ("ending", "code"),
    [("garbage", "upstream_failed"), ("overload", "upstream_overloaded"), ("flood", "upstream_failed")],
)
async def test_an_error_in_the_stream_comes_after_what_preceded_it(
    provider: HttpProvider, provider_server: ProviderServer, ending: Any, code: str
) -> None:
    provider_server.script(tokens=WORDS, ending=ending, after=3, tokens_per_packet=3)
    seen: list[Delta] = []
    error = await error_of(provider, seen=seen)
    assert text(seen) == "".join(WORDS[:3])
    assert (error.code, error.retryable) == (code, True)


async def test_a_web_page_instead_of_a_stream_is_an_error(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(content_type="text/html")
    assert (await error_of(provider)).code == "upstream_failed"


@pytest.mark.parametrize(
    ("openai_reason", "anthropic_reason", "reason"),
    [
        ("stop", "end_turn", "stop"),
        ("stop", "stop_sequence", "stop"),
        ("tool_calls", "tool_use", "stop"),
        ("brand_new", "brand_new", "stop"),
        ("length", "max_tokens", "length"),
        ("length", "model_context_window_exceeded", "length"),
        ("content_filter", "refusal", "content_filter"),
    ],
)
async def test_the_reasons_for_an_end_are_mapped(
    provider: HttpProvider, provider_server: ProviderServer, openai_reason: str, anthropic_reason: str, reason: str
) -> None:
    own = openai_reason if isinstance(provider, OpenAIProvider) else anthropic_reason
    provider_server.script(tokens=2, finish_reason=own)
    assert finish(await read(provider)) == reason


async def test_max_output_tokens_ends_it_with_length(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=20)
    deltas = await read(provider, prompt(max_output_tokens=5))
    assert finish(deltas) == "length"
    assert text(deltas) == provider_server.requests[0].text


ABSURD = [-1, 1.5, "12", True, None, 10**30, [], {}]


@pytest.mark.parametrize("absurd", ABSURD, ids=str)
async def test_counts_that_are_none_become_none(
    provider: HttpProvider, provider_server: ProviderServer, absurd: Any
) -> None:
    names = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "cache_read_input_tokens")
    provider_server.script(tokens=WORDS, usage=dict.fromkeys(names, absurd))
    deltas = await read(provider)
    counted = usage(deltas)
    assert (text(deltas), finish(deltas)) == ("".join(WORDS), "stop")
    assert counted is None or (counted.input_tokens, counted.output_tokens, counted.cached_input_tokens) == (None,) * 3


@pytest.mark.parametrize("value", ["[]", '"many"', "12", "null", '{"prompt_tokens":1' + "0" * 5000 + "}"])
async def test_a_usage_that_is_no_object_is_no_usage(
    provider: HttpProvider, provider_server: ProviderServer, value: str
) -> None:
    event = f'data: {{"type":"message_delta","choices":[],"usage":{value}}}\n\n'
    provider_server.script(tokens=WORDS, usage="missing", interject=event)
    deltas = await read(provider)
    assert (text(deltas), usage(deltas), finish(deltas)) == ("".join(WORDS), None, "stop")


async def test_an_answer_without_usage_is_complete(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=WORDS, usage="missing")
    deltas = await read(provider)
    assert (usage(deltas), finish(deltas)) == (None, "stop")


async def test_cached_tokens_are_told(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    counts = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60}}
    provider_server.script(usage=counts)
    counted = usage(await read(openai))
    assert counted
    assert (counted.input_tokens, counted.output_tokens, counted.cached_input_tokens) == (100, 7, 60)


async def test_the_parts_of_anthropics_input_are_summed(
    anthropic: HttpProvider, provider_server: ProviderServer
) -> None:
    counts = {"input_tokens": 10, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30, "output_tokens": 7}
    provider_server.script(usage=counts)
    counted = usage(await read(anthropic))
    assert counted
    assert (counted.input_tokens, counted.output_tokens, counted.cached_input_tokens) == (100, 7, 60)


async def test_anthropics_input_is_known_before_the_first_token(
    anthropic: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(tokens=2, ending="close")
    counted = usage(await read(anthropic))
    assert counted
    assert counted.input_tokens is not None
    assert counted.output_tokens is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "overloaded_error"}, "upstream_overloaded"),
        ({"type": "rate_limit_error"}, "upstream_rate_limited"),
        ({"type": "rate_limit_exceeded"}, "upstream_rate_limited"),
        ({"type": "authentication_error"}, "upstream_auth"),
        ({"type": "billing_error"}, "upstream_auth"),
        ({"type": "api_error"}, "upstream_failed"),
        ({"code": 502}, "upstream_failed"),
        ({"code": "429"}, "upstream_rate_limited"),
        ({"type": "invalid_request_error", "message": "prompt is too long: 9 tokens"}, "context_too_long"),
    ],
    ids=str,
)
async def test_errors_inside_a_stream_are_mapped(
    provider: HttpProvider, provider_server: ProviderServer, fields: dict[str, Any], code: str
) -> None:
    event = "data: " + json.dumps({"type": "error", "error": {"message": "sorry", **fields}}) + "\n\n"
    provider_server.script(tokens=2, interject=event, interject_at=1)
    assert (await error_of(provider)).code == code
