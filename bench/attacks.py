"""``python -m bench.attacks KIND PORT COOKIE SECONDS``: a hostile client, in a process of its own; prints how it was
shown out, as counts of close codes."""

import asyncio
import collections
import sys
import time
from collections.abc import Awaitable, Callable
from socket import SO_RCVBUF, SOL_SOCKET
from typing import NamedTuple

from tests.live.client import new_id
from tests.live.raw import CONT, PING, TEXT, RawSocket, frame

HALF_OPEN, SILENT, FLOODING, BODIES = 500, 200, 10, 4
BATCH = 500
MIB = 1024 * 1024
LARGE = new_id()  # one answer, which all of the silent ask for
FRAGMENT = frame(CONT, b"", fin=False)


class Target(NamedTuple):
    """What ``RawSocket`` needs of a server."""

    port: int
    cookie: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cookies(self, name: str) -> str:
        return self.cookie


class Attack:
    def __init__(self, target: Target, seconds: float) -> None:
        self.target = target
        self.until = time.monotonic() + seconds
        self.ends: collections.Counter[str] = collections.Counter()

    async def half_open(self) -> None:
        """Begins to ask and says no more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target.port)
        writer.write(b"GET / HTTP/1.1\r\nHost:")
        await asyncio.sleep(self.until - time.monotonic())
        self.ends["let go" if reader.at_eof() else "open"] += 1
        writer.transport.abort()

    async def silent(self) -> None:
        """Asks again and again for all of an answer, and reads none of it."""
        socket = await RawSocket.open(self.target)  # type: ignore[arg-type]
        socket.writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        socket.writer.transport.pause_reading()  # type: ignore[attr-defined]
        socket.writer.write(frame(TEXT, f'{{"type":"ai:generate","request_id":"{LARGE}","prompt":"go"}}'.encode()))
        again = frame(TEXT, f'{{"type":"ai:resume","request_id":"{LARGE}","after":0,"epoch":1}}'.encode())
        while time.monotonic() < self.until:
            socket.writer.write(again * 4)
            await asyncio.sleep(0.1)
        socket.writer.transport.resume_reading()  # type: ignore[attr-defined]  # only to see whether it is still there
        try:
            await asyncio.wait_for(socket.ended(), 3)
            self.ends["let go"] += 1
        except TimeoutError:
            self.ends["open"] += 1
        socket.cut()

    async def flood(self, batch: bytes, first: bytes = b"") -> None:
        """As fast as it goes; comes back when it has been shown out."""
        while time.monotonic() < self.until:
            try:
                socket = await RawSocket.open(self.target)  # type: ignore[arg-type]
            except (AssertionError, OSError, asyncio.IncompleteReadError):
                self.ends["refused"] += 1
                await asyncio.sleep(0.2)
                continue
            await socket.send(first)
            writing = asyncio.create_task(self._pour(socket, batch))
            self.ends[str(await socket.close_code())] += 1
            writing.cancel()
            socket.cut()

    async def _pour(self, socket: RawSocket, batch: bytes) -> None:
        try:
            while time.monotonic() < self.until:
                await socket.send(batch)
        except OSError:
            pass

    async def body(self) -> None:
        """A gigabyte without a length, again and again."""
        head = b"POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\n" % (
            self.target.port,
            self.target.cookie.encode(),
        )
        piece = b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
        while time.monotonic() < self.until:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target.port)
            try:
                writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
                for _ in range(1024):
                    writer.write(piece)
                    await writer.drain()
                self.ends["all taken"] += 1
            except OSError:
                answer = await reader.read(12) if not reader.exception() else b""
                self.ends[answer[9:].decode() or "cut"] += 1
            writer.transport.abort()


KINDS: dict[str, tuple[int, Callable[[Attack], Awaitable[None]]]] = {
    "half-open": (HALF_OPEN, Attack.half_open),
    "silent": (SILENT, Attack.silent),
    "frames": (FLOODING, lambda attack: attack.flood(frame(TEXT, b'{"type":"ping"}') * BATCH)),
    "pings": (FLOODING, lambda attack: attack.flood(frame(PING, b"x" * 125) * BATCH)),
    "fragments": (FLOODING, lambda attack: attack.flood(FRAGMENT * BATCH, frame(TEXT, b"", fin=False))),
    "bodies": (BODIES, Attack.body),
}


async def main(kind: str, port: str, cookie: str, seconds: str) -> None:
    attack = Attack(Target(int(port), cookie), float(seconds))
    count, work = KINDS[kind]
    await asyncio.gather(*(work(attack) for _ in range(count)), return_exceptions=True)
    print(", ".join(f"{end}: {times}" for end, times in attack.ends.most_common()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
