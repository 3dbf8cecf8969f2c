"""Many answers at once over bare sockets: the delay of every token, from the time that its own text says."""

import asyncio
import base64
import os
import re
import time
from array import array
from typing import cast

from tests.live.client import new_id

STAMP = re.compile(rb"~(\d+) ")
ENDS = (b'"type":"ai:done"', b'"type":"ai:error"', b'"type":"done"', b"[DONE]")
QUEUED = b'"type":"ai:queued"'
CLOSING = re.compile(rb"\x88[\x02-\x7d](..)[^\x88]*$", re.DOTALL)  # a frame that closes, the last thing there is
CODE = re.compile(rb'"code":"(\w+)"')
PING = re.compile(rb"\x89\x04(....)", re.DOTALL)  # wherever in a read; one pong too many does no harm
MASK = bytes(4)  # a client's frames are masked, and may be by zeros


def masked(payload: bytes) -> bytes:
    """A text frame as a client sends it."""
    assert len(payload) < 65536
    size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + size + MASK + payload


class Stream(asyncio.Protocol):
    """One socket that asks once. ``delays_us`` has each token's delay, ``frames`` and ``bytes`` what carried them.

    ``heard_us`` is when it was first told anything about its request, ``waited`` that this or what followed was a place
    in the queue, ``code`` what an error was called, or how the server closed the connection.
    """

    transport: asyncio.Transport

    def __init__(self, headers: str) -> None:
        loop = asyncio.get_running_loop()
        self._headers = headers
        self.opened = loop.create_future()
        self.ended = loop.create_future()
        self.delays_us = array("q")
        self.heard_us = self.first_us = self.last_us = 0
        self.waited = False
        self.frames = self.bytes = self.pings = 0
        self.error = b""
        self._rest = self._last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        head = "GET /ws/chat/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        self.transport.write(f"{head}Sec-WebSocket-Key: {key}\r\n{self._headers}\r\n".encode())

    def ask(self) -> str:
        """Ask for an answer, in words that every subject understands; the request's id."""
        request_id = new_id()
        self.send(f'{{"type":"ai:generate","request_id":"{request_id}","prompt":"go"}}')
        return request_id

    def resume(self, request_id: str) -> None:
        """Watch an answer from its beginning."""
        self.send(f'{{"type":"ai:resume","request_id":"{request_id}","after":0}}')

    def send(self, text: str) -> None:
        self.transport.write(masked(text.encode()))

    def data_received(self, data: bytes) -> None:
        now_us = time.monotonic_ns() // 1000
        if not self.opened.done():
            head, _, data = data.partition(b"\r\n\r\n")
            if b" 101 " not in head:
                raise ConnectionError(head.decode("latin-1"))
            self.opened.set_result(None)
        self._last = data
        for payload in PING.findall(data):
            self.pings += 1
            self.transport.write(b"\x8a\x84" + MASK + payload)
        stamps = STAMP.findall(data := self._rest + data)
        cut = data.rfind(b"~")  # a read may end inside a stamp
        self._rest = data[cut:] if cut >= 0 and not STAMP.match(data, cut) else b""
        self.delays_us.extend(now_us - int(sent) for sent in stamps)
        if not self.first_us:
            self._before_the_first(data, now_us)
        if stamps:
            self.first_us = self.first_us or now_us
            self.last_us = now_us
            self.frames += data.count(b'"type":') or 1
            self.bytes += len(data)
        if any(end in data for end in ENDS):
            self._end(data)

    def _before_the_first(self, data: bytes, now_us: int) -> None:
        if b'"request_id"' in data:
            self.heard_us = self.heard_us or now_us
            self.waited = self.waited or QUEUED in data

    @property
    def code(self) -> str:
        found = CODE.search(self.error)
        return found[1].decode() if found else ""

    def _end(self, data: bytes) -> None:
        if not self.ended.done():
            self.error = data if b'"type":"ai:error"' in data else b""
            self.ended.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            closing = CLOSING.search(self._last)
            self.error = b'"code":"closed_%d"' % int.from_bytes(closing[1]) if closing else b"connection lost"
            self.ended.set_result(None)


async def open_streams(port: int, headers: list[str]) -> list[Stream]:
    """As many sockets as there are headers, each open."""
    loop = asyncio.get_running_loop()
    streams = []
    for lines in headers:
        _, stream = await loop.create_connection(lambda lines=lines: Stream(lines), "127.0.0.1", port)  # type: ignore[misc]
        await stream.opened
        streams.append(stream)
    return streams
