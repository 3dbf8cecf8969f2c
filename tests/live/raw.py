"""A WebSocket by hand: every bit of every frame chosen, for what well-behaved libraries refuse to send."""

import asyncio
import base64
import os
import struct
from dataclasses import dataclass

from .server import LiveServer

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
TIMEOUT_S = 30


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """One frame; ``length`` announces another one than the payload has."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


@dataclass(frozen=True)
class Received:
    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int:
        assert self.opcode == CLOSE, self
        return int(struct.unpack("!H", self.payload[:2])[0]) if self.payload else 1005


class RawSocket:
    """``await RawSocket.open(server)``: after the handshake, nothing but bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, server: LiveServer, name: str = "alice") -> "RawSocket":
        raw = await cls.knock(server, name)
        async with asyncio.timeout(TIMEOUT_S):
            answer = await raw.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        return raw

    @classmethod
    async def knock(cls, server: LiveServer, name: str = "alice") -> "RawSocket":
        """Ask for the handshake, and do not wait for its answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = [
            "GET /ws/chat/ HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Origin: {server.url}",
            f"Cookie: {server.cookies(name)}",
        ]
        writer.write("\r\n".join([*head, "", ""]).encode())
        await writer.drain()
        return cls(reader, writer)

    async def send(self, *frames: bytes) -> None:
        """In one write, so that they can arrive together."""
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def receive(self) -> Received:
        async with asyncio.timeout(TIMEOUT_S):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            assert first & 0xF0 == 0x80 and not second & 0x80, "the server sends whole frames, unmasked"
            return Received(first & 0x0F, await self.reader.readexactly(size))

    async def until(self, opcode: int, containing: bytes = b"") -> Received:
        """The next frame of this kind; what comes before it is passed over."""
        while (got := await self.receive()).opcode != opcode or containing not in got.payload:
            pass
        return got

    async def close_code(self) -> int:
        """How the server closed it; 1006: without a word."""
        try:
            return (await self.until(CLOSE)).close_code
        except (asyncio.IncompleteReadError, ConnectionError):
            return 1006

    async def ended(self) -> None:
        """Wait until the server has let go of the connection."""
        async with asyncio.timeout(TIMEOUT_S):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass

    def cut(self) -> None:
        self.writer.transport.abort()
