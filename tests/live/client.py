"""A client of the socket that obeys the protocol's one rule and notes all that it was sent."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from .server import LiveServer

Frame = dict[str, Any]
TIMEOUT_S = 60


def new_id() -> str:
    return str(uuid.uuid4())


class Reader:
    """One generation as a viewer holds it: its cursor, and what the frames applied so far amount to.

    ``text`` must be a prefix of the final text at every moment, over any number of connections.
    """

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.cursor = 0
        self.start: Frame | None = None
        self.end: Frame | None = None
        self.text = ""
        self.thinking = ""
        self.gaps = 0
        self.duplicates = 0
        self.starts = 0

    @property
    def epoch(self) -> int | None:
        return self.start["epoch"] if self.start else None

    @property
    def status(self) -> str:
        """How it ended; an error's code when it failed."""
        assert self.end is not None
        return str(self.end.get("status") or self.end["code"])

    def apply(self, frame: Frame) -> bool:
        """The table of protocol.md; false for a gap, of which nothing is applied."""
        if frame["after"] == 0:
            assert frame["type"] == "ai:start", frame
            self.start, self.text, self.thinking, self.end = frame, "", "", None
            self.starts += 1
        elif frame["seq"] <= self.cursor:
            self.duplicates += 1
            return True
        elif frame["after"] != self.cursor:
            self.gaps += 1
            return False
        self.cursor = frame["seq"]
        if frame["type"] == "ai:token":
            self.text += frame["chunk"]
        elif frame["type"] == "ai:thinking":
            self.thinking += frame["chunk"]
        elif frame["type"] in {"ai:done", "ai:error"}:
            self.end = frame
        return True

    def resume_frame(self) -> Frame:
        frame = {"type": "ai:resume", "request_id": self.request_id, "after": self.cursor}
        return frame if self.epoch is None else frame | {"epoch": self.epoch}


class SocketClient:
    """One socket. Frames about a generation go to its reader, all frames to ``frames``."""

    def __init__(self, connection: ClientConnection, readers: dict[str, Reader]) -> None:
        self.connection = connection
        self.readers = readers
        self.frames: list[Frame] = []
        self.news = asyncio.Condition()
        self._task = asyncio.create_task(self._read())

    async def send(self, type_: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": type_, **fields}))

    async def generate(self, prompt: str = "Hello", **fields: Any) -> Reader:
        """Ask, and give back the reader of the answer."""
        request_id = fields.pop("request_id", None) or new_id()
        await self.send("ai:generate", request_id=request_id, prompt=prompt, **fields)
        return self.reader(request_id)

    def reader(self, request_id: str) -> Reader:
        return self.readers.setdefault(request_id, Reader(request_id))

    async def until(self, condition: Any) -> Any:
        """Wait until ``condition()`` is true of what was received; its value. Raises TimeoutError."""
        async with asyncio.timeout(TIMEOUT_S), self.news:
            return await self.news.wait_for(condition)

    async def frame(self, type_: str, **fields: Any) -> Frame:
        """The first frame of this type with these fields, waited for."""

        def found() -> Frame | None:
            wanted = {"type": type_, **fields}.items()
            return next((frame for frame in self.frames if wanted <= _flat(frame)), None)

        frame: Frame = await self.until(found)
        return frame

    async def ended(self, reader: Reader) -> Reader:
        """The reader, when its generation has ended."""
        await self.until(lambda: reader.end)
        return reader

    async def closed(self) -> int | None:
        """The close code, when the server has closed the socket."""
        async with asyncio.timeout(TIMEOUT_S):
            await self.connection.wait_closed()
        return self.connection.close_code

    async def close(self) -> None:
        self._task.cancel()
        await self.connection.close()

    def cut(self) -> None:
        """Let go of the connection without a closing handshake."""
        self._task.cancel()
        self.connection.transport.abort()

    async def _read(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in self.connection:
                frame = json.loads(text)
                self.frames.append(frame)
                if "seq" in frame and not self.reader(frame["request_id"]).apply(frame):
                    await self.connection.send(json.dumps(self.reader(frame["request_id"]).resume_frame()))
                async with self.news:
                    self.news.notify_all()


def _flat(frame: Frame) -> Any:
    return {key: value for key, value in frame.items() if not isinstance(value, dict | list)}.items()


async def open_socket(
    server: LiveServer,
    name: str = "alice",
    readers: dict[str, Reader] | None = None,
    headers: dict[str, str] | None = None,
) -> SocketClient:
    """Connect as somebody who is signed in; readers of an earlier socket go on in the new one."""
    url = server.url.replace("http", "ws") + "/ws/chat/"
    sent = {"Cookie": server.cookies(name), "Origin": server.url} | (headers or {})
    connection = await connect(url, additional_headers=sent, max_size=None, compression=None, ping_interval=None)
    return SocketClient(connection, {} if readers is None else readers)


@contextlib.asynccontextmanager
async def signed_in(server: LiveServer, name: str = "alice") -> AsyncIterator[SocketClient]:
    """A socket for the length of a block."""
    socket = await open_socket(server, name)
    try:
        yield socket
    finally:
        await socket.close()
