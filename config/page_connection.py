"""uvicorn's HTTP connections, bounded: how long a client may be silent, read nothing, and how much a head may hold."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .headers import BARE

MAX_HEAD_BYTES = 64 * 1024
SLICE_BYTES = 16 * 1024
SLOWEST_BODY = 1024  # bytes a second: whoever drips holds a connection and a request for a month
FRAMING = 16  # bytes around a byte of a body, at most: a chunk may be as small as that
ENDING = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "0", "Connection": "close"}


def refusal(status: str) -> bytes:
    """What is no request is answered before anybody else is asked."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in (BARE | ENDING).items())]
    return "\r\n".join([*lines, "", ""]).encode()


NONSENSE, TOO_LARGE = refusal("400 Bad Request"), refusal("431 Request Header Fields Too Large")


class PatientFlow(FlowControl):
    """Waits for a slow reader, but not for ever."""

    async def drain(self) -> None:
        try:
            async with asyncio.timeout(settings.SEND_TIMEOUT_S):
                await super().drain()
        except TimeoutError:
            self._transport.abort()


class PageConnection(HttpToolsProtocol):
    """Until a request is there the connection has ``REQUEST_TIMEOUT_S``; so has each next piece of its body, which
    must not be too slow as a whole, either.

    Answers take as long as they take: event streams are what may last.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.flow = PatientFlow(transport)
        self._received = self._of_bodies = 0
        self._upgraded = False
        self._began = self.loop.time()
        self._patience: asyncio.TimerHandle | None = None
        self._expect_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_all()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A little at a time: a read may bring the heads of many requests, or a head of many times the limit."""
        for start in range(0, len(data), SLICE_BYTES):
            if self._upgraded or self.transport.is_closing():
                return
            self._take(data[start : start + SLICE_BYTES])

    def _take(self, data: bytes) -> None:
        self._received += len(data)
        if self._patience is None and (self.cycle is None or self.cycle.response_complete):
            self._began = self.loop.time()
            self._expect_more()  # line breaks between requests are no reason to stay
        super().data_received(data)
        if self._received > MAX_HEAD_BYTES + FRAMING * self._of_bodies and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(NONSENSE)
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        self._upgraded = True
        self._have_all()
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # they know each other, and would wait for the collector

    def on_message_begin(self) -> None:
        self._received = self._of_bodies = 0
        self._began = self.loop.time()
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
        now = self.loop.time()
        slowest = self._began + settings.REQUEST_TIMEOUT_S + self._of_bodies / SLOWEST_BODY
        self._patience = self.loop.call_at(min(now + settings.REQUEST_TIMEOUT_S, slowest), self._give_up)

    def _have_all(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self.flow.read_paused:  # it is us who are slow
            self._began = self.loop.time()
            self._expect_more()
        else:
            self.transport.abort()
