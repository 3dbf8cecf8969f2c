"""The socket, end to end: a browser's frames in, a provider's tokens out, by the table of the protocol."""

import asyncio
import json

from tests.live.client import Reader, new_id, open_socket, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


async def test_an_answer_arrives_whole_and_in_order(server: LiveServer, provider: ProviderServer) -> None:
    script = provider.script(tokens=50)
    async with signed_in(server) as socket:
        session = await socket.frame("session")
        assert session["protocol"] == 1
        assert session["user"]["email"] == "alice@example.org"
        reader = await socket.ended(await socket.generate("Tell me"))
        assert reader.text == script.text
        assert reader.status == "completed"
        assert reader.gaps == reader.duplicates == 0
        assert reader.start is not None
        assert reader.start["seq"] == 1
        assert reader.end is not None
        assert reader.end["finish_reason"] == "stop"
        assert reader.end["usage"]["output_tokens"] == 50
        assert server.message_text(reader.start["message_id"]) == script.text
        assert server.message_text(reader.start["parent_id"]) == "Tell me"


async def test_reasoning_comes_before_the_answer(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(thinking=("Let me ", "see."), tokens=("Yes",))
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate())
        assert (reader.thinking, reader.text) == ("Let me see.", "Yes")


async def test_stop_closes_the_providers_connection_and_keeps_the_text(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=50)
    async with signed_in(server) as socket:
        reader = await socket.generate()
        await socket.until(lambda: len(reader.text) > 20)
        await socket.send("ai:cancel", request_id=reader.request_id)
        await socket.ended(reader)
        await provider.requests[0].aleft()
        assert reader.status == "cancelled"
        assert reader.start is not None
        assert server.message_text(reader.start["message_id"]) == reader.text
        await socket.send("ai:cancel", request_id=reader.request_id)
        await socket.send("ping", id="after")
        await socket.frame("pong", id="after")
        assert not [frame for frame in socket.frames if frame["type"] == "ai:error"]


async def test_the_same_request_twenty_times_at_once_is_one_request(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script(tokens=20, rate=100)
    sockets = [await open_socket(server) for _ in range(5)]
    request_id = new_id()
    sends = [socket.send("ai:generate", request_id=request_id, prompt="Once") for socket in sockets for _ in range(4)]
    await asyncio.gather(*sends)
    readers = [await socket.ended(socket.reader(request_id)) for socket in sockets]
    assert {reader.text for reader in readers} == {provider.requests[0].text}
    assert len({reader.start["message_id"] for reader in readers if reader.start}) == 1
    assert len(provider.requests) == 1
    [(generations,)] = server.query(
        "SELECT count(*) FROM chat_generation WHERE request_id = ?", request_id.replace("-", "")
    )
    for socket in sockets:
        await socket.close()
    assert generations == 1


async def test_two_conversations_stream_at_once_on_one_socket(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=40, rate=100)
    async with signed_in(server) as socket:
        first, second = await socket.generate("One"), await socket.generate("Two")
        await socket.until(lambda: first.text and second.text and not first.end and not second.end)
        await socket.ended(first)
        await socket.ended(second)
        assert first.text == second.text == provider.requests[0].text
        assert first.start and second.start
        assert first.start["conversation_id"] != second.start["conversation_id"]


async def test_frames_hold_at_most_64_kib_of_text(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=("ü" * 100_000, "x" * 100_000), ignore_max_tokens=True)
    async with signed_in(serving) as socket:
        reader = await socket.ended(await socket.generate())
    async with signed_in(serving) as socket:
        await socket.send("ai:resume", request_id=reader.request_id, after=0)
        again = await socket.ended(socket.reader(reader.request_id))
        chunks = [frame["chunk"].encode() for frame in socket.frames if frame["type"] == "ai:token"]
    assert again.text == reader.text
    assert max(map(len, chunks)) <= 64 * 1024


def test_the_readers_rule_is_the_protocols() -> None:
    """The tests' own client: what they prove stands on it."""
    reader = Reader("r")
    assert reader.apply({"type": "ai:start", "after": 0, "seq": 1, "epoch": 1})
    assert reader.apply({"type": "ai:token", "after": 1, "seq": 3, "chunk": "ab"})
    assert reader.apply({"type": "ai:token", "after": 1, "seq": 2, "chunk": "a"})
    assert not reader.apply({"type": "ai:token", "after": 4, "seq": 5, "chunk": "x"})
    assert (reader.text, reader.cursor, reader.duplicates, reader.gaps) == ("ab", 3, 1, 1)
    assert json.loads(json.dumps(reader.resume_frame())) == {
        "type": "ai:resume",
        "request_id": "r",
        "after": 3,
        "epoch": 1,
    }
