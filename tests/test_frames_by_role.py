"""Who may send which frame about what, over real sockets; a new frame that this table does not know fails here."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import get_args

import aiohttp
import pytest
import pytest_asyncio

from chat import protocol
from tests.live.client import Frame, SocketClient, new_id, open_socket
from tests.live.forms import submit
from tests.live.keys import bot, issue
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

OK = "ok"


@dataclass(frozen=True)
class World:
    """Two conversations of Alice's with an answer that was stopped: one is shared with everybody."""

    ids: dict[str, str]  # as an ai:start has them

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


@dataclass(frozen=True)
class Row:
    """What a frame about something of Alice's gets: ``OK``, or the code of an error."""

    fields: Callable[[World], Frame]
    owner: str = OK
    colleague: str = OK
    stranger: str = "not_found"
    reading: str = OK


ROWS: dict[type, Row] = {
    protocol.Resume: Row(lambda world: {"request_id": world["request_id"], "after": 0}),
    protocol.OpenConversation: Row(lambda world: {"conversation_id": world["conversation_id"]}),
    protocol.CloseConversation: Row(lambda world: {"conversation_id": world["conversation_id"]}, stranger=OK),
    protocol.Ping: Row(lambda world: {"id": 1}, stranger=OK),
    protocol.Cancel: Row(lambda world: {"request_id": world["request_id"]}, colleague="not_found", reading="forbidden"),
    protocol.Generate: Row(
        lambda world: {"request_id": new_id(), "prompt": "More", "conversation_id": world["conversation_id"]},
        colleague="not_found",
        reading="forbidden",
    ),
    protocol.Regenerate: Row(
        lambda world: {"request_id": new_id(), "message_id": world["message_id"]},
        colleague="not_found",
        reading="forbidden",
    ),
    protocol.Continue: Row(
        lambda world: {"request_id": new_id(), "message_id": world["message_id"]},
        colleague="not_found",
        reading="forbidden",
    ),
}


def test_every_frame_is_in_the_table() -> None:
    assert set(get_args(protocol.AnyClientFrame)) == ROWS.keys()


@contextlib.asynccontextmanager
async def closing(socket: SocketClient) -> AsyncIterator[SocketClient]:
    try:
        yield socket
    finally:
        await socket.close()


@pytest_asyncio.fixture
async def world(serving: LiveServer, provider: ProviderServer) -> dict[bool, World]:
    """By whether it is shared."""
    worlds = {}
    async with closing(await open_socket(serving)) as alice:
        for shared in (True, False):
            provider.script(tokens=10_000, rate=50)
            reader = await alice.generate()
            await alice.until(lambda reader=reader: reader.text)
            await alice.send("ai:cancel", request_id=reader.request_id)
            await alice.ended(reader)
            assert reader.start
            worlds[shared] = World({name: str(value) for name, value in reader.start.items()})
    path = f"/c/{worlds[True]['conversation_id']}/share/"
    assert await submit(serving, "alice", path, access="everyone") == 302
    provider.script(tokens=3)
    return worlds


async def outcome(socket: SocketClient, kind: type, fields: Frame) -> tuple[str, str]:
    """(code, words) of what the frame gets. Frames are carried out in order: the answer to the next one ends it."""
    known = len(socket.frames)
    await socket.send(str(kind.__struct_config__.tag), **fields)  # type: ignore[attr-defined]
    marker = new_id()
    await socket.send("ai:resume", request_id=marker, after=0)
    await socket.frame("ai:error", request_id=marker)
    for frame in socket.frames[known:]:
        if frame["type"] == "ai:error" and frame.get("request_id") != marker and "seq" not in frame:
            return str(frame["code"]), str(frame["message"])
    return OK, ""


def nobodys(fields: Frame) -> Frame:
    """The same about what is not there."""
    made = {"conversation_id", "message_id"} & fields.keys() or {"request_id"} & fields.keys()
    return fields | {name: new_id() for name in made}


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
async def test_each_role_with_each_frame(serving: LiveServer, world: dict[bool, World], kind: type) -> None:
    row = ROWS[kind]
    mine, shared = world[False], world[True]
    for name in ("bob", "grace"):  # Grace is a superuser, and a stranger all the same
        async with closing(await open_socket(serving, name)) as other:
            refused = await outcome(other, kind, row.fields(mine))
            assert refused[0] == row.stranger, (name, refused)
            assert refused == await outcome(other, kind, nobodys(row.fields(mine)))
            assert (await outcome(other, kind, row.fields(shared)))[0] == row.colleague
    async with closing(await bot(serving, issue(serving, scope="read"))) as reading:
        assert (await outcome(reading, kind, row.fields(mine)))[0] == row.reading
    async with closing(await open_socket(serving)) as alice:
        assert (await outcome(alice, kind, row.fields(mine)))[0] == row.owner


async def test_each_role_at_the_events_and_the_cancellation_of_an_answer(
    serving: LiveServer, world: dict[bool, World]
) -> None:
    async def status(method: str, what: str, about: str, **headers: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession(serving.url, headers=headers) as session,
            session.request(method, f"/api/generations/{about}/{what}") as response,
        ):
            body = await response.text()
            return response.status, json.dumps(json.loads(body) | {"request_id": ""}) if response.status > 400 else ""

    mine, shared = world[False]["request_id"], world[True]["request_id"]
    for method, what, well, colleague in (("GET", "events", 200, 200), ("POST", "cancel", 204, 404)):
        assert (await status(method, what, mine))[0] == 401
        for name in ("bob", "grace"):
            cookie = serving.cookies(name)
            refused = await status(method, what, mine, Cookie=cookie)
            assert refused[0] == 404
            assert refused == await status(method, what, new_id(), Cookie=cookie)
            assert (await status(method, what, shared, Cookie=cookie))[0] == colleague
        reads, chats = (f"Bearer {issue(serving, scope=scope)}" for scope in ("read", "chat"))
        assert (await status(method, what, mine, Authorization=chats))[0] == well
        assert (await status(method, what, mine, Authorization=reads))[0] == (200 if method == "GET" else 403)
        assert (await status(method, what, mine, Cookie=serving.cookies("alice")))[0] == well
