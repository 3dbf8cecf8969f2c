"""Many answers at once over sockets: how long each token takes from the provider's socket to the browser's."""

import asyncio
import json
import time
from itertools import accumulate
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.live.client import new_id
from tests.live.server import LiveServer

SOCKETS_PER_USER = 20


class Stream:
    """One answer: when each frame came, and how much text there was by then."""

    def __init__(self) -> None:
        self.request_id = new_id()
        self.prompt = f"stream {self.request_id}"
        self.asked_at = 0.0
        self.arrivals: list[tuple[float, int]] = []
        self.frames = 0
        self.bytes = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, connection: ClientConnection) -> None:
        """Ask, then note each frame as it comes; decoding waits until the answer has ended."""
        self.asked_at = time.monotonic()
        await connection.send(json.dumps({"type": "ai:generate", "request_id": self.request_id, "prompt": self.prompt}))
        raw: list[tuple[float, str]] = []
        async for text in connection:
            raw.append((time.monotonic(), str(text)))
            if '"type":"ai:done"' in str(text) or '"type":"ai:error"' in str(text):
                break
        length = 0
        for at, text in raw:
            frame = json.loads(text)
            if frame["type"] == "ai:token":
                length += len(frame["chunk"])
                self.arrivals.append((at, length))
                self.frames += 1
                self.bytes += len(text)

    def delays_ms(self, sent: list[tuple[float, str]]) -> list[float]:
        """For each token: from when the provider sent it to when it was here."""
        ends = list(accumulate(len(text) for _, text in sent))
        delays: list[float] = []
        arrivals = iter(self.arrivals)
        at, length = next(arrivals)
        for (sent_at, _), end in zip(sent, ends, strict=True):
            while length < end:
                at, length = next(arrivals)
            delays.append((at - sent_at) * 1000)
        return delays


async def run_streams(server: LiveServer, count: int) -> list[Stream]:
    """So many answers at once, each over a socket of its own."""
    streams = [Stream() for _ in range(count)]
    people = list(server.people)
    connections = [await open_connection(server, people[number % len(people)]) for number in range(count)]
    await asyncio.gather(*(stream.run(connection) for stream, connection in zip(streams, connections, strict=True)))
    for connection in connections:
        connection.transport.abort()
    return streams


async def open_connection(server: LiveServer, name: str) -> ClientConnection:
    headers = {"Cookie": server.cookies(name), "Origin": server.url}
    url = server.url.replace("http", "ws") + "/ws/chat/"
    return await connect(url, additional_headers=headers, max_size=None, compression=None, ping_interval=None)


def by_prompt(requests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The provider's records, by the prompt that each request ends with."""
    return {request["body"]["messages"][-1]["content"]: request for request in requests}
