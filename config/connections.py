"""uvicorn's connections with a limit on patience: a client that reads nothing is let go, and so is its memory."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket. Closing politely would wait for ever behind what the client does not read: so it is aborted."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"] or {}
            extensions["parley.send_now"] = self.send_now

    def send_now(self, text: bytes) -> bool:
        """Send a text frame without waiting; false when that cannot be, and ``send`` is to wait or to fail.

        The way of a token: through every layer of the application around ``send`` it costs three times as much.
        """
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(_header(len(text)) + text)
        return True

    async def send(self, message: Any) -> None:
        if not self.writable.is_set():
            try:
                async with asyncio.timeout(settings.SEND_TIMEOUT_S):
                    await self.writable.wait()
            except TimeoutError:
                self.transport.abort()
                raise ClientDisconnected from None
        await super().send(message)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()


def _header(size: int) -> bytes:
    """In front of a whole text message as a server sends it: final, not masked (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


class PatientFlow(FlowControl):
    """Waits for a slow reader, but not for ever."""

    async def drain(self) -> None:
        try:
            async with asyncio.timeout(settings.SEND_TIMEOUT_S):
                await super().drain()
        except TimeoutError:
            self._transport.abort()


class PageConnection(HttpToolsProtocol):
    """An HTTP connection; event streams are what may last."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = PatientFlow(transport)
