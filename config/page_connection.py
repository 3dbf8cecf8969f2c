"""uvicorn's HTTP connections, bounded: how long a client may be silent, read nothing, and how much a head may hold."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
FRAMING = 16  # bytes around a byte of a body, at most: a chunk may be as small as that
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class PatientFlow(FlowControl):
    """Waits for a slow reader, but not for ever."""

    async def drain(self) -> None:
        try:
            async with asyncio.timeout(settings.SEND_TIMEOUT_S):
                await super().drain()
        except TimeoutError:
            self._transport.abort()


class PageConnection(HttpToolsProtocol):
    """Until a request is there the connection has ``REQUEST_TIMEOUT_S``; so has each next piece of its body.

    Answers take as long as they take: event streams are what may last.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = PatientFlow(transport)
        self._received = self._of_bodies = 0
        self._patience: asyncio.TimerHandle | None = None
        self._expect_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_all()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._patience is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_more()  # line breaks between requests are no reason to stay
        super().data_received(data)
        if self._received > MAX_HEAD_BYTES + FRAMING * self._of_bodies and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        self._have_all()
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # they know each other, and would wait for the collector

    def on_message_begin(self) -> None:
        self._received = self._of_bodies = 0
        self._expect_more()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._expect_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._of_bodies += len(body)
        self._expect_more()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._have_all()
        super().on_message_complete()

    def _expect_more(self) -> None:
        self._have_all()
        self._patience = self.loop.call_later(settings.REQUEST_TIMEOUT_S, self._give_up)

    def _have_all(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self.flow.read_paused:  # it is us who are slow
            self._expect_more()
        else:
            self.transport.abort()
