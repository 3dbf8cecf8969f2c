"""Going on from a text that was cut: the whole is what would have been written in one go."""

import pytest

from chat.providers.anthropic import AnthropicProvider
from chat.providers.calling import HttpProvider
from chat.providers.openai import OpenAIProvider
from chat.providers.seam import INSTRUCTION, Seam
from tests.provider_server import ProviderServer

from .reading import finish, prompt, read, text

ANSWER = ("One", " two", "\n\n", "three", " four")
WHOLE = "".join(ANSWER)


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
async def test_the_text_goes_on_where_it_was_cut(
    provider: HttpProvider, provider_server: ProviderServer, cut: int
) -> None:
    provider_server.script(tokens=ANSWER)
    deltas = await read(provider, prompt("count", WHOLE[:cut]))
    assert WHOLE[:cut] + text(deltas) == WHOLE
    assert finish(deltas) == "stop"


async def test_anthropic_is_sent_no_white_space_at_the_end(
    anthropic: AnthropicProvider, provider_server: ProviderServer
) -> None:
    await read(anthropic, prompt("count", "One two\n\n"))
    assert provider_server.requests[0].last_turn == ("assistant", "One two")


async def test_a_beginning_of_white_space_alone_is_left_out(
    anthropic: AnthropicProvider, provider_server: ProviderServer
) -> None:
    await read(anthropic, prompt("count", "\n"))
    assert provider_server.requests[0].last_turn == ("user", "count")


@pytest.mark.parametrize("cut", [3, 7, 8, 9])
async def test_a_model_that_takes_no_prefill_is_asked_in_words(
    provider: HttpProvider, provider_server: ProviderServer, cut: int
) -> None:
    provider_server.script(
        tokens=ANSWER, refuse=("prefill",), error_message="This model does not support assistant message prefill."
    )
    deltas = await read(provider, prompt("count", WHOLE[:cut]))
    assert WHOLE[:cut] + text(deltas) == WHOLE
    refused, worded = provider_server.requests
    assert refused.last_turn[0] == "assistant"
    assert worded.last_turn == ("user", INSTRUCTION)


async def test_the_refusal_is_remembered_for_that_model_only(
    provider: HttpProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(tokens=ANSWER, refuse=("prefill",), model="strict")
    for _ in range(2):
        await read(provider, prompt("count", "One", model="strict"))
    await read(provider, prompt("count", "One", model="lenient"))
    assert [request.last_turn[0] for request in provider_server.requests] == ["assistant", "user", "user", "assistant"]


async def test_vllm_is_told_to_continue_the_last_message(
    openai: OpenAIProvider, provider_server: ProviderServer
) -> None:
    provider_server.models_body = b'{"data":[{"id":"scripted","owned_by":"vllm","max_model_len":4096}]}'
    await openai.offered_models()
    await read(openai, prompt("count", "One"))
    await read(openai, prompt("count"))
    continuing, beginning = (request.body for request in provider_server.requests)
    assert (continuing["continue_final_message"], continuing["add_generation_prompt"]) == (True, False)
    assert "continue_final_message" not in beginning


@pytest.mark.parametrize(
    ("had", "pieces", "whole"),
    [
        ("a ", [" b"], "a b"),
        ("a ", ["b"], "a b"),
        ("a\n\n", ["\n", "\n", "b"], "a\n\nb"),
        ("a\n", ["\n\nb"], "a\n\nb"),
        ("a\n\n", ["\nb"], "a\n\nb"),
        ("a ", ["", " ", " b"], "a  b"),
        ("a", [" b"], "a b"),
        ("a ", ["b", " c"], "a b c"),
    ],
)
def test_white_space_is_not_doubled_at_the_seam(had: str, pieces: list[str], whole: str) -> None:
    seam = Seam.after(had)
    assert had + "".join(seam.join(piece) for piece in pieces) == whole
