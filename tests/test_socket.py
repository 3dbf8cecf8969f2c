"""The socket, end to end: a browser's frames in, a provider's tokens out, by the table of the protocol."""

import asyncio
import contextlib
import json
import uuid

import pytest
import websockets

from tests.live.client import Reader, new_id, open_socket, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


@pytest.fixture(params=["serve", "runserver"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """The same under uvicorn and under Daphne."""
    found: LiveServer = request.getfixturevalue("serving" if request.param == "serve" else "daphne_server")
    return found


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


async def test_two_branches_stream_at_once(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as socket:
        root = await socket.ended(await socket.generate("Root"))
        assert root.start
        provider.script(tokens=40, rate=100)
        follow = {"conversation_id": root.start["conversation_id"], "parent_id": root.start["message_id"]}
        left, right = await socket.generate("Left", **follow), await socket.generate("Right", **follow)
        await socket.until(lambda: left.text and right.text and not left.end and not right.end)
        await socket.ended(left)
        await socket.ended(right)
        assert left.start and right.start
        assert left.start["parent_id"] != right.start["parent_id"]


async def test_a_prompt_that_follows_a_running_answer_waits_for_its_end(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script(tokens=20, rate=50)
    async with signed_in(server) as socket:
        first = await socket.generate("First")
        await socket.until(lambda: first.text)
        assert first.start
        second = await socket.generate("Second", conversation_id=first.start["conversation_id"])
        queued = await socket.frame("ai:queued", request_id=second.request_id)
        assert queued["position"] == 0
        await socket.ended(second)
        assert first.end is not None
        assert len(provider.requests) == 2
        turns = [turn["content"] for turn in provider.requests[1].body["messages"] if turn["role"] != "system"]
        assert turns == ["First", first.text, "Second"]


async def test_a_waiting_prompt_can_be_cancelled(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=10_000, rate=50)
    async with signed_in(server) as socket:
        first = await socket.generate("First")
        await socket.until(lambda: first.text)
        assert first.start
        second = await socket.generate("Second", conversation_id=first.start["conversation_id"])
        await socket.frame("ai:queued", request_id=second.request_id)
        await socket.send("ai:cancel", request_id=second.request_id)
        await socket.ended(second)
        assert (second.status, second.text) == ("cancelled", "")
        await socket.send("ai:cancel", request_id=first.request_id)
        await socket.ended(first)
        assert len(provider.requests) == 1


async def test_regenerate_makes_a_sibling(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as socket:
        first = await socket.ended(await socket.generate("Question"))
        assert first.start
        request_id = new_id()
        await socket.send("ai:regenerate", request_id=request_id, message_id=first.start["message_id"])
        second = await socket.ended(socket.reader(request_id))
        assert second.start
        assert second.start["parent_id"] == first.start["parent_id"]
        assert second.start["message_id"] != first.start["message_id"]


async def test_an_edit_replaces_even_the_first_prompt(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as socket:
        first = await socket.ended(await socket.generate("Befor"))
        assert first.start
        edited = await socket.generate(
            "Before", conversation_id=first.start["conversation_id"], edits=first.start["parent_id"]
        )
        await socket.ended(edited)
        turns = [turn["content"] for turn in provider.requests[1].body["messages"] if turn["role"] != "system"]
        assert turns == ["Before"]


async def test_continue_writes_on_in_the_same_message(server: LiveServer, provider: ProviderServer) -> None:
    script = provider.script(tokens=100, rate=100)
    async with signed_in(server) as socket:
        first = await socket.generate()
        await socket.until(lambda: len(first.text) > 30)
        await socket.send("ai:cancel", request_id=first.request_id)
        await socket.ended(first)
        assert first.start
        request_id = new_id()
        await socket.send("ai:continue", request_id=request_id, message_id=first.start["message_id"])
        second = await socket.ended(socket.reader(request_id))
        assert second.start
        assert second.start["message_id"] == first.start["message_id"]
        assert second.start["continues"] == first.request_id
        assert first.text + second.text == script.text
        assert server.message_text(first.start["message_id"]) == script.text
        await socket.send("ai:continue", request_id=new_id(), message_id=first.start["message_id"])
        await socket.frame("ai:error", code="conflict")


async def test_a_second_tab_streams_the_same_answer(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=60, rate=100)
    async with signed_in(server) as first, signed_in(server) as second:
        one = await first.generate("Both")
        await first.until(lambda: len(one.text) > 20)
        assert one.start
        await second.frame("conversation:updated", conversation_id=one.start["conversation_id"], change="created")
        await second.send("conversation:open", conversation_id=one.start["conversation_id"])
        two = await second.ended(second.reader(one.request_id))
        await first.ended(one)
        assert one.text == two.text
        again = await first.generate("More", conversation_id=one.start["conversation_id"])
        await second.ended(second.reader(again.request_id))
        await first.ended(again)
        assert second.reader(again.request_id).text == again.text


async def test_a_closed_conversation_is_not_watched_any_more(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as first, signed_in(server) as second:
        one = await first.ended(await first.generate("Hello"))
        assert one.start
        await second.send("conversation:open", conversation_id=one.start["conversation_id"])
        await second.send("conversation:close", conversation_id=one.start["conversation_id"])
        again = await first.ended(await first.generate("More", conversation_id=one.start["conversation_id"]))
        await second.send("ping", id=1)
        await second.frame("pong", id=1)
        assert again.request_id not in second.readers


async def test_resuming_an_ended_answer_gives_it_whole(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=30)
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate())
    async with signed_in(server) as socket:
        await socket.send("ai:resume", request_id=reader.request_id, after=0)
        again = await socket.ended(socket.reader(reader.request_id))
        assert again.text == reader.text
        await socket.send("ai:resume", request_id=reader.request_id, after=5, epoch=99)
        await socket.until(lambda: again.starts == 2 and again.end)
        assert again.text == reader.text


async def test_a_strangers_ids_are_not_found(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        hers = await alice.ended(await alice.generate("Mine"))
        assert hers.start
        conversation, message = hers.start["conversation_id"], hers.start["message_id"]
        attempts = [
            ("ai:generate", {"prompt": "Hi", "conversation_id": conversation}),
            ("ai:regenerate", {"message_id": message}),
            ("ai:continue", {"message_id": message}),
        ]
        for type_, fields in attempts:
            request_id = new_id()
            await bob.send(type_, request_id=request_id, **fields)
            assert (await bob.frame("ai:error", request_id=request_id))["code"] == "not_found"
        for type_, fields in [("ai:cancel", {}), ("ai:resume", {"after": 0})]:
            bob.frames.clear()
            await bob.send(type_, request_id=hers.request_id, **fields)
            assert (await bob.frame("ai:error", request_id=hers.request_id))["code"] == "not_found"
        bob.frames.clear()
        await bob.send("conversation:open", conversation_id=conversation)
        assert (await bob.frame("ai:error"))["code"] == "not_found"
        assert len(provider.requests) == 1


MALFORMED = [
    ("nonsense", None),
    ("[]", "type"),
    ("{}", "type"),
    ('{"type": "ai:unknown"}', "type"),
    ('{"type": "ai:generate", "request_id": "7d4", "prompt": "x"}', "request_id"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": 5}', "prompt"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "  "}', "prompt"),
    ('{"type": "ai:generate", "request_id": "ID"}', "prompt"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "x", "conversation_id": "y"}', "conversation_id"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "x", "temperature": 1}', "temperature"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "a\\u0000b"}', "prompt"),
    ('{"type": "ai:resume", "request_id": "ID", "after": "1"}', "after"),
    ('{"type": "ai:resume", "request_id": "ID", "after": -1}', "after"),
    ('{"type": "ai:resume", "request_id": "ID", "after": 1.0}', "after"),
    ('{"type": "conversation:open", "conversation_id": null}', "conversation_id"),
]


async def test_a_malformed_frame_is_refused_by_field_and_stores_nothing(
    server: LiveServer, provider: ProviderServer
) -> None:
    before = server.query("SELECT count(*) FROM chat_message")
    async with signed_in(server) as socket:
        for text, field in MALFORMED:
            socket.frames.clear()
            await socket.connection.send(text.replace("ID", str(uuid.uuid4())))
            error = await socket.frame("ai:error")
            assert error["code"] == "bad_request", text
            assert error.get("field") == field, text
            await socket.send("ping", id="still here")
            await socket.frame("pong", id="still here")
    assert server.query("SELECT count(*) FROM chat_message") == before
    assert not provider.requests


async def test_twenty_bad_frames_in_a_row_close_the_socket(server: LiveServer) -> None:
    async with signed_in(server) as socket:
        for _ in range(20):
            await socket.connection.send("bad")
        assert await socket.closed() == 4400
        assert len([frame for frame in socket.frames if frame["type"] == "ai:error"]) == 20


async def test_a_frame_over_the_limit_closes_with_1009(serving: LiveServer) -> None:
    async with signed_in(serving) as socket:
        with contextlib.suppress(websockets.ConnectionClosed):  # the server need not read all of it before it closes
            await socket.connection.send("x" * (1024 * 1024 + 1))
        assert await socket.closed() == 1009


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Cookie": "sessionid=wrong"},
    ],
    ids=["foreign origin", "no real origin", "malformed origin", "no session"],
)
async def test_the_handshake_is_refused(server: LiveServer, headers: dict[str, str]) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await open_socket(server, headers=headers)
    # Daphne has a word of its own for an Origin that is no URL.
    assert refused.value.response.status_code in {403, 400 if headers.get("Origin") == "http://[::1" else 403}


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
