"""The floor: what comes from the provider goes to the browser as it is, one read and one write, nothing parsed.

``python -m bench.yardsticks.floor PORT PROVIDER_PORT``
"""

import asyncio
import base64
import hashlib
import re
import sys
from typing import cast

import uvloop

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
BODY = b'{"model":"scripted","stream":true,"messages":[{"role":"user","content":"go"}]}'
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def frame(payload: bytes) -> bytes:
    """A binary message as a server sends it: final, not masked."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65536:
        return b"\x82\x7e" + size.to_bytes(2, "big") + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload


class Upstream(asyncio.Protocol):
    """One connection to the provider; each read becomes one frame."""

    def __init__(self, browser: asyncio.Transport) -> None:
        self._browser = browser

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(HEAD % len(BODY) + BODY)

    def data_received(self, data: bytes) -> None:
        self._browser.write(frame(data))


class Browser(asyncio.Protocol):
    """One WebSocket: a handshake, then every frame of the client asks for an answer."""

    transport: asyncio.Transport

    def __init__(self, provider_port: int) -> None:
        self._provider_port = provider_port
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._open:
            self._asking = asyncio.ensure_future(self._ask())
            return
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", data)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1(key[1] + MAGIC, usedforsecurity=False).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.transport.write(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        self._open = True

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Upstream(self.transport), "127.0.0.1", self._provider_port)


async def main(port: int, provider_port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Browser(provider_port), "127.0.0.1", port, backlog=2048)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
