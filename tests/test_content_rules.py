"""Content rules on a real server: a blocked prompt reaches nobody, a blocked answer ends where the match begins."""

import asyncio
import datetime
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from tests.live.client import SocketClient, new_id, signed_in
from tests.live.refusals import refusal
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

RULE = """
INSERT INTO chat_contentrule (name, kind, text, applies_to, action, longest_match, enabled, hits, changed_at,
    moderation_model, timeout_s, fails_closed)
VALUES (?, ?, ?, ?, 'block', 40, ?, 0, CURRENT_TIMESTAMP, '', 5, TRUE)
"""
RULES = [
    ("No needles", "words", "needle", "prompts"),
    ("No secrets", "words", "top secret", "answers"),
    ("No numbers", "pattern", r"\b\d{4}-\d{4}\b", "answers"),
]


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[ProviderServer]:
    """One of this file's own: other tests' servers ask the other one, whenever they like."""
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="module")
def ruled(server_of: Callable[..., LiveServer], shared_provider: ProviderServer) -> Iterator[LiveServer]:
    """A server whose rules came while it was running."""
    with server_of(shared_provider) as server:
        for rule in RULES:
            server.execute(RULE, *rule, True)
        asyncio.run(in_force(server))
        yield server


async def in_force(server: LiveServer) -> None:
    """Nobody tells the process of a change from outside: it finds the rules by itself."""
    async with signed_in(server) as socket:
        for _ in range(100):
            if (await refusal(socket, "A needle")).get("code") == "content_blocked":
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the rules never came into force")


async def answered(socket: SocketClient, **fields: object) -> tuple[str, str, str]:
    """What was seen of an answer, and how it ended."""
    reader = await socket.ended(await socket.generate("Tell me", **fields))
    assert reader.end
    return reader.text, reader.status, reader.end.get("finish_reason", "")


async def test_a_blocked_prompt_reaches_no_provider_and_costs_nothing(
    ruled: LiveServer, provider: ProviderServer
) -> None:
    tables = ("chat_message", "chat_generation", "accounts_reservation")
    before = [ruled.query(f"SELECT COUNT(*) FROM {table}") for table in tables]
    hits = ruled.query("SELECT hits FROM chat_contentrule WHERE name = 'No needles'")
    async with signed_in(ruled) as socket:
        request_id = new_id()
        await socket.send("ai:generate", request_id=request_id, prompt="Where is the NEEDLE?")
        error = await socket.frame("ai:error", request_id=request_id)
    assert (error["code"], error["field"], error["retryable"]) == ("content_blocked", "prompt", False)
    assert "No needles" in error["message"]
    assert provider.requests == []
    assert [ruled.query(f"SELECT COUNT(*) FROM {table}") for table in tables] == before
    assert ruled.query("SELECT hits FROM chat_contentrule WHERE name = 'No needles'") == [(hits[0][0] + 1,)]


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        (("This is to", "p-sec", "ret, ", "is it?"), "This is "),
        (tuple("Call 1234-5678, please. ") + ("More",) * 20, "Call "),
        (("The end is top", " secret"), "The end is "),
    ],
    ids=["words", "pattern", "at the end"],
)
async def test_an_answer_is_cut_where_the_match_begins_and_nobody_sees_it(
    ruled: LiveServer, provider: ProviderServer, pieces: tuple[str, ...], seen: str
) -> None:
    provider.script(tokens=pieces, rate=200)
    async with signed_in(ruled) as socket:
        reader = await socket.ended(await socket.generate("Tell me"))
    assert reader.end
    assert reader.start
    assert (reader.text, reader.status, reader.end["finish_reason"]) == (seen, "truncated", "content_filter")
    assert ruled.message_text(reader.start["message_id"]) == seen
    [row] = ruled.query(
        "SELECT error_code, state, settled_amount > 0 FROM chat_generation g"
        " JOIN accounts_reservation r ON r.generation_id = g.id WHERE request_id = ?",
        UUID(reader.request_id).hex,
    )
    assert row == ("content_blocked", "settled", 1)


async def test_the_providers_connection_is_closed_at_the_match(ruled: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=("It is top secret. ", *("More ",) * 5000), rate=50)
    async with signed_in(ruled) as socket:
        assert await answered(socket) == ("It is ", "truncated", "content_filter")
    await provider.requests[0].aleft(10)


async def test_what_only_looks_like_a_match_is_shown_whole(ruled: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=("The top", " second", " is 1234-", "56789", " and 1234"))
    async with signed_in(ruled) as socket:
        assert await answered(socket) == ("The top second is 1234-56789 and 1234", "completed", "stop")


async def test_reasoning_is_looked_at_too(ruled: LiveServer, provider: ProviderServer) -> None:
    provider.script(thinking=("Hm, a top ", "secret idea"), tokens=("Never", " said"))
    async with signed_in(ruled) as socket:
        reader = await socket.ended(await socket.generate("Think"))
    assert (reader.thinking, reader.text, reader.status) == ("Hm, a ", "", "truncated")


async def test_a_hidden_answer_is_not_replayed_from_memory(ruled: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=("Some awful", " words"))
    async with signed_in(ruled) as socket:
        reader = await socket.ended(await socket.generate("Tell me"))
    assert reader.start
    hidden = "UPDATE chat_message SET text = 'Hidden', hidden_at = ? WHERE id = ?"
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    ruled.execute(hidden, now, UUID(reader.start["message_id"]).hex)
    async with asyncio.timeout(20):
        while True:
            async with signed_in(ruled) as socket:
                await socket.send("ai:resume", request_id=reader.request_id, after=0)
                again = await socket.ended(socket.reader(reader.request_id))
            if "awful" not in again.text:
                break
            await asyncio.sleep(0.2)
    assert again.text.startswith("Hidden")
