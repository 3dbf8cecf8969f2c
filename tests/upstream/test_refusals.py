"""What a provider refuses, and when it is asked again."""

from typing import Any

import pytest

from tests.live.client import SocketClient
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer
from tests.upstream.answers import REFUSALS, accounted_for, accounts, answered, end


@pytest.mark.parametrize("model", ["scripted", "claude"])
@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500},
        {"status": 529},
        {"status": 429, "retry_after": "1"},
        {"ending": "hang_up"},
        {"ending": "close", "after": 0},
        {"ending": "reset", "after": 0},
        {"ending": "overload", "after": 0},
        {"ending": "garbage", "after": 0},
    ],
    ids=str,
)
async def test_a_failure_before_the_first_token_is_not_seen(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str, failure: dict[str, Any]
) -> None:
    script = provider.script(tokens=10)
    provider.script_next(**failure)
    reader = await answered(hasty, socket, model=model)
    assert (reader.text, reader.status, reader.starts) == (script.text, "completed", 1)
    assert len(provider.requests) == 2
    asked_again_after = provider.requests[1].at - provider.requests[0].at
    assert asked_again_after >= float(failure.get("retry_after", 0))


async def test_after_the_first_token_nothing_is_asked_again(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(tokens=20, ending="reset", after=5)
    reader = await answered(hasty, socket)
    assert len(provider.requests) == 1
    assert reader.status == "interrupted"


@pytest.mark.parametrize("prefix", ["says-", "claude-says-"])
async def test_what_a_provider_refuses_ends_as_a_sentence_with_its_code(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, prefix: str
) -> None:
    readers = {}
    for status in REFUSALS:
        provider.script(status=status, error_message="sk-secret-key-123456789 is wrong", model=f"{prefix}{status}")
        readers[status] = await socket.generate("Tell me", model=f"{prefix}{status}")
    for status, reader in readers.items():
        await accounted_for(hasty, socket, await socket.ended(reader))
        code, retryable = REFUSALS[status]
        assert (reader.status, end(reader)["retryable"]) == (code, retryable), status
        assert end(reader)["message"].endswith(".")
        assert "secret" not in str(end(reader))
        asked = [recording for recording in provider.requests if recording.model == f"{prefix}{status}"]
        assert len(asked) == (3 if retryable else 1)
    assert not any("sk-secret" in line for line in hasty.output)


async def test_a_call_that_never_came_to_pass_costs_nothing(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    before = accounts(hasty, "alice")
    provider.script(status=401)
    await answered(hasty, socket)
    assert accounts(hasty, "alice") == before


async def test_a_provider_that_cannot_be_reached_is_said_and_can_be_tried_again(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.stop()
    try:
        reader = await answered(hasty, socket)
    finally:
        provider.start()
    assert (reader.status, end(reader)["retryable"]) == ("upstream_failed", True)
    assert "could not be reached" in end(reader)["message"]
    assert reader.start
    script = provider.script(tokens=5)
    request_id = "00000000-0000-4000-8000-000000000001"
    await socket.send("ai:continue", request_id=request_id, message_id=reader.start["message_id"])
    again = await socket.ended(socket.reader(request_id))
    assert again.text == script.text


async def test_a_provider_that_does_not_begin_is_given_up(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    for held_back in ({"first_token_delay_s": 60}, {"header_delay_s": 60}):
        provider.script_next(**held_back)
        reader = await answered(hasty, socket)
        assert (reader.status, end(reader)["retryable"], reader.text) == ("timeout", True, "")
        await provider.requests[-1].aleft()
    assert len(provider.requests) == 2
