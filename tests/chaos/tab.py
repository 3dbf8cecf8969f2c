"""A client that never gives up: reconnects, resumes, sends again what was not acknowledged, and notes everything."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Sequence
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.live.client import Reader

from .evidence import Evidence, Frame, Linked, Said, Saw

AGAIN_S = 0.4
PATIENCE_S = 4.0  # then a silent connection is dead


class Door:
    """The way to one process: the port of the line to it, which may be cut."""

    def __init__(self, process: int, port: int) -> None:
        self.process = process
        self.port = port


class Tab:
    """One person's tab. ``doors``: the ways in, one of which it takes by chance each time."""

    def __init__(
        self, name: str, cookie: str, origin: str, doors: Sequence[Door], evidence: Evidence, seed: str
    ) -> None:
        self.name = name
        self.readers: dict[str, Reader] = {}
        self.asked: dict[str, Frame] = {}  # not acknowledged yet
        self.cancelled: set[str] = set()
        self.refused: set[str] = set()
        self._headers = {"Cookie": cookie, "Origin": origin}
        self._doors = doors
        self._evidence = evidence
        self._chance = random.Random(seed)
        self._connection: ClientConnection | None = None
        self._again: set[asyncio.Task[None]] = set()

    @property
    def unfinished(self) -> list[str]:
        """The answers whose end it has not seen."""
        open_ = [request_id for request_id, reader in self.readers.items() if reader.end is None]
        return [request_id for request_id in open_ if request_id not in self.refused]

    def unfinished_of(self, conversation_id: str | None) -> list[str]:
        """Those of a conversation."""
        starts = {key: reader.start for key, reader in self.readers.items() if reader.start}
        return [key for key in self.unfinished if key in starts and starts[key]["conversation_id"] == conversation_id]

    async def ask(self, request_id: str, prompt: str, conversation_id: str | None = None) -> None:
        where = {"conversation_id": conversation_id} if conversation_id else {}
        await self._ask({"type": "ai:generate", "request_id": request_id, "prompt": prompt, **where})

    async def go_on(self, request_id: str, message_id: str) -> None:
        """Have an answer that was stopped or broke off continued."""
        await self._ask({"type": "ai:continue", "request_id": request_id, "message_id": message_id})

    async def _ask(self, frame: Frame) -> None:
        self.readers[frame["request_id"]] = Reader(frame["request_id"])
        self.asked[frame["request_id"]] = frame
        await self._say(frame)

    async def watch(self, request_id: str) -> None:
        """Look at what another tab asked."""
        self.readers[request_id] = Reader(request_id)
        await self._say(self.readers[request_id].resume_frame())

    async def cancel(self, request_id: str) -> None:
        self.cancelled.add(request_id)
        await self._say({"type": "ai:cancel", "request_id": request_id})

    async def live(self) -> None:
        """Stay connected until cancelled."""
        while True:
            door = self._chance.choice(self._doors)
            with contextlib.suppress(OSError, TimeoutError, websockets.WebSocketException):
                await self._visit(door)
            await asyncio.sleep(self._chance.uniform(0, AGAIN_S))

    async def _visit(self, door: Door) -> None:
        """One connection, from the handshake to its loss."""
        url = f"ws://127.0.0.1:{door.port}/ws/chat/"
        async with connect(
            url,
            additional_headers=self._headers,
            max_size=None,
            compression=None,
            open_timeout=PATIENCE_S,
            ping_interval=PATIENCE_S,
            ping_timeout=PATIENCE_S,
            close_timeout=1,
        ) as line:
            self._evidence.add(Linked(at=time.time(), viewer=self.name, process=door.process, up=True))
            self._connection = line
            try:
                for frame in self._pending():
                    await self._say(frame)
                async for text in line:
                    if await self._read(json.loads(text)):
                        return
            finally:
                self._connection = None
                self._evidence.add(Linked(at=time.time(), viewer=self.name, process=door.process, up=False))

    def _pending(self) -> list[Frame]:
        """What a new connection begins with."""
        frames = list(self.asked.values())
        frames += [self.readers[key].resume_frame() for key in self.unfinished if key not in self.asked]
        cancelled = [key for key in self.unfinished if key in self.cancelled]
        return frames + [{"type": "ai:cancel", "request_id": key} for key in cancelled]

    async def _say(self, frame: Frame) -> None:
        """Send, if there is a connection; else the next one begins with it."""
        if self._connection is not None:
            self._evidence.add(Said(at=time.time(), viewer=self.name, frame=frame))
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._connection.send(json.dumps(frame))

    async def _read(self, frame: Frame) -> bool:
        """Note and apply a frame; whether to leave, because the server does."""
        self._evidence.add(Saw(at=time.time(), viewer=self.name, frame=frame))
        request_id = frame.get("request_id", "")
        if frame["type"] in {"ai:start", "ai:queued"}:
            self.asked.pop(request_id, None)
        if "seq" in frame:
            reader = self.readers.setdefault(request_id, Reader(request_id))
            if not reader.apply(frame):
                await self._say(reader.resume_frame())
        elif frame["type"] == "ai:error" and request_id in self.readers:
            self._refused(frame)
        return bool(frame["type"] == "server:draining")

    def _refused(self, frame: Frame) -> None:
        """What may be tried again is; what may not is over, unless it was acknowledged: that the checker judges."""
        if frame["retryable"] or frame["code"] == "not_found":
            task = asyncio.create_task(self._try_again(frame["request_id"]))
            self._again.add(task)
            task.add_done_callback(self._again.discard)
        else:
            self.asked.pop(frame["request_id"], None)
            self.refused.add(frame["request_id"])

    async def _try_again(self, request_id: str) -> None:
        await asyncio.sleep(AGAIN_S)
        frame: Any = self.asked.get(request_id)
        if frame is None and request_id in self.unfinished:
            frame = self.readers[request_id].resume_frame()
        if frame is not None:
            await self._say(frame)
