"""uvicorn's connections with a limit on patience: a client that reads nothing is let go, and so is its memory."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket. Closing politely would wait for ever behind what the client does not read: so it is aborted."""

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
