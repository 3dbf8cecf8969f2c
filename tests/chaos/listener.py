"""A client that reads one answer as an event stream, and comes back with its cursor whenever the stream breaks."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Sequence

import aiohttp

from tests.live.client import Reader

from .evidence import Evidence, Saw
from .tab import AGAIN_S, PATIENCE_S, Door

NOT_YET = {401, 403, 404, 429, 500, 502, 503}  # it is not stored yet, or what the process stands on is away
SILENT_S = 20.0  # longer than the comments that keep a stream alive are apart


class Listener:
    """Notes what it sees as ``Saw``, like a tab."""

    def __init__(self, name: str, cookie: str, doors: Sequence[Door], evidence: Evidence, seed: str) -> None:
        self.name = name
        self._cookie = cookie
        self._doors = doors
        self._evidence = evidence
        self._chance = random.Random(seed)

    async def listen(self, request_id: str) -> None:
        """Until the answer has ended."""
        reader = Reader(request_id)
        patience = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S, sock_read=SILENT_S)
        while reader.end is None:
            with contextlib.suppress(OSError, TimeoutError, aiohttp.ClientError):
                async with aiohttp.ClientSession(timeout=patience) as session:
                    await self._read(session, reader)
            await asyncio.sleep(self._chance.uniform(0, AGAIN_S))

    async def _read(self, session: aiohttp.ClientSession, reader: Reader) -> None:
        """One stream, from where the last one broke."""
        door = self._chance.choice(self._doors)
        url = f"http://127.0.0.1:{door.port}/api/generations/{reader.request_id}/events"
        headers = {"Cookie": self._cookie}
        if reader.cursor:
            headers["Last-Event-ID"] = f"{reader.request_id}:{reader.cursor}"
        async with session.get(url, headers=headers) as response:
            if response.status in NOT_YET:
                return
            response.raise_for_status()
            async for line in response.content:
                if line.startswith(b"data: {"):
                    frame = json.loads(line.removeprefix(b"data: "))
                    self._evidence.add(Saw(at=time.time(), viewer=self.name, frame=frame))
                    if "seq" in frame:
                        assert reader.apply(frame), f"an event stream with a gap: {frame}"
