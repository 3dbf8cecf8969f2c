"""What Anthropic's Messages are asked."""

from chat.providers import OfferedModel
from chat.providers.anthropic import AnthropicProvider
from tests.provider_server import ProviderServer

from .reading import finish, prompt, read

MARK = {"cache_control": {"type": "ephemeral"}}


async def test_the_request_marks_what_is_stable(anthropic: AnthropicProvider, provider_server: ProviderServer) -> None:
    await read(anthropic, prompt("one", "two", "three", system="Be brief.", stable_turns=2))
    assert provider_server.requests[0].path == "/v1/messages"
    assert provider_server.requests[0].body == {
        "model": "scripted",
        "system": [{"type": "text", "text": "Be brief.", **MARK}],
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": [{"type": "text", "text": "two", **MARK}]},
            {"role": "user", "content": "three"},
        ],
        "stream": True,
        "max_tokens": 1000,
    }
    assert "anthropic-version" in provider_server.requests[0].headers


async def test_nothing_stable_means_no_mark(anthropic: AnthropicProvider, provider_server: ProviderServer) -> None:
    await read(anthropic, prompt("one"))
    assert "cache_control" not in str(provider_server.requests[0].body)
    assert "system" not in provider_server.requests[0].body


async def test_a_refused_temperature_is_left_out(anthropic: AnthropicProvider, provider_server: ProviderServer) -> None:
    provider_server.script(refuse=("temperature",))
    assert finish(await read(anthropic, prompt(temperature=0.5))) == "stop"
    assert "temperature" not in provider_server.requests[-1].body


async def test_models_are_asked_for(anthropic: AnthropicProvider, provider_server: ProviderServer) -> None:
    provider_server.models_body = (
        b'{"data":[{"id":"claude-x","display_name":"Claude X","max_input_tokens":1000000,"max_tokens":64000},'
        b'{"id":"claude-0","display_name":"Claude 0","lifecycle":"retired"}]}'
    )
    assert await anthropic.offered_models() == [OfferedModel("claude-x", "Claude X", 1_000_000, 64_000)]
