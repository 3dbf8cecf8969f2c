"""Answers that end in the middle, and at their limits."""

from typing import Any
from uuid import UUID

import pytest

from tests.live.client import Reader, SocketClient, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer
from tests.upstream.answers import BUDGET, MAX_OUTPUT, accounted_for, answered, end


@pytest.mark.parametrize("model", ["scripted", "claude"])
@pytest.mark.parametrize(
    ("ending", "status", "reason"),
    [
        ("close", "interrupted", "connection_lost"),
        ("cut", "interrupted", "connection_lost"),
        ("reset", "interrupted", "connection_lost"),
        ("silence", "interrupted", "timeout"),
        ("overload", "upstream_overloaded", None),
        ("garbage", "upstream_failed", None),
        ("flood", "upstream_failed", None),
    ],
)
async def test_an_answer_that_breaks_off_keeps_its_text_and_says_so(
    hasty: LiveServer,
    socket: SocketClient,
    provider: ProviderServer,
    model: str,
    ending: Any,
    status: str,
    reason: str | None,
) -> None:
    script = provider.script(tokens=20, rate=200, ending=ending, after=8)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, end(reader).get("finish_reason")) == (status, reason)
    assert reader.text == "".join(script.pieces[:8])
    assert len(provider.requests) == 1
    if ending == "silence":
        await provider.requests[0].aleft()


async def test_an_answer_that_takes_too_long_is_cut(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    """However slowly it drips: each token moves the idle limit, none the total one."""
    for model, rate in (("scripted", 20), ("claude", 2)):
        provider.script(tokens=1000, rate=rate, model=model)
    readers = [await socket.generate("Tell me", model=model) for model in ("scripted", "claude")]
    for reader in readers:
        await accounted_for(hasty, socket, await socket.ended(reader))
        assert (reader.status, end(reader)["finish_reason"]) == ("truncated", "time_limit")
        assert reader.text
    for recording in provider.requests:
        await recording.aleft()
        assert any(recording.text.startswith(reader.text) for reader in readers)


@pytest.mark.parametrize("model", ["scripted", "claude"])
async def test_reasoning_without_an_answer_is_kept_as_well(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str
) -> None:
    provider.script(thinking=("Let me", " see"), tokens=5, ending="cut", after=0)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, reader.thinking, reader.text) == ("interrupted", "Let me see", "")


@pytest.mark.parametrize("model", ["scripted", "claude"])
async def test_the_output_limit_is_the_providers_to_keep(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str
) -> None:
    script = provider.script(tokens=1000)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, end(reader)["finish_reason"]) == ("truncated", "length")
    assert provider.requests[0].body["max_tokens"] == MAX_OUTPUT
    assert reader.text == "".join(script.pieces[:MAX_OUTPUT])


@pytest.mark.parametrize("model", ["scripted", "claude"])
async def test_a_provider_that_ignores_the_output_limit_is_cut_off(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str
) -> None:
    provider.script(tokens=100_000, rate=2000, ignore_max_tokens=True)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, end(reader)["finish_reason"]) == ("truncated", "length")
    assert MAX_OUTPUT * 0.5 < len(reader.text.split()) < MAX_OUTPUT * 2
    await provider.requests[0].aleft()


@pytest.mark.parametrize("ignores", [False, True])
async def test_an_answer_ends_where_the_budget_does(hasty: LiveServer, provider: ProviderServer, ignores: bool) -> None:
    """Bob's budget is for a few answers: the last one gets what is left, then nothing more is asked for."""
    async with signed_in(hasty, "bob") as socket:
        hasty.execute("UPDATE accounts_usageday SET used = 0 WHERE user_id = ?", UUID(hasty.people["bob"]["id"]).hex)
        hasty.execute("DELETE FROM accounts_reservation WHERE user_id = ?", UUID(hasty.people["bob"]["id"]).hex)
        provider.script(tokens=100_000, rate=2000, ignore_max_tokens=ignores)
        reasons = []
        for _ in range(10):
            reader = await socket.generate("Tell me")
            await socket.until(lambda: reader.end or _refused(socket, reader))  # noqa: B023
            if reader.end is None:
                break
            await accounted_for(hasty, socket, reader)
            reasons.append(end(reader)["finish_reason"])
            assert end(reader)["budget"]["used"] <= BUDGET
        assert _refused(socket, reader) == "budget_exhausted"
        assert set(reasons) <= {"length", "budget"}
        assert len(provider.requests) == len(reasons) >= 3


def _refused(socket: SocketClient, reader: Reader) -> str | None:
    refusals = [frame for frame in socket.frames if frame["type"] == "ai:error" and "seq" not in frame]
    return next((frame["code"] for frame in refusals if frame.get("request_id") == reader.request_id), None)
