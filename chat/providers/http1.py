"""One HTTP/1.1 connection to a provider: a response's bytes are handed on by the very callback that brings them.

General clients take each network read through a queue, a task's turn and several iterators: that was a fifth of what a
token costs here.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools
import httpx2

from .body import Body

MAX_HEAD_BYTES = 64 * 1024


class HungUp(httpx2.RemoteProtocolError):
    """The provider closed the connection without a byte of a response."""


class Response:
    """The beginning of a response, as its parser meets it."""

    def __init__(self, connection: "Connection") -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = Body(connection)


class Connection(asyncio.Protocol):
    """Carries one request after the other. ``freed`` is told when it can carry the next one, ``lost`` when none."""

    def __init__(self, freed: "Callable[[Connection], None]", lost: "Callable[[Connection], None]") -> None:
        self._freed, self._lost = freed, lost
        self._head: asyncio.Future[Response] | None = None
        self._response: Response | None = None
        self._reads: list[bytes] = []
        self._head_bytes = 0
        self._complete = self._reusable = False
        self._paused = False

    async def ask(self, request: bytes) -> Response:
        """Send a request; its response as soon as its head is there. Raises httpx2.HTTPError."""
        self._parser = httptools.HttpResponseParser(self)
        self._head_bytes, self._complete, self._reusable = 0, False, False
        self._response = Response(self)
        self._head = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._head
        except BaseException:
            self._response = None
            self.abort()
            raise
        finally:
            self._head = None

    def let_go(self, body: Body) -> None:
        """Nobody reads this any more."""
        if self._response is None or self._response.body is not body:
            return  # said before; there may be another one since
        self._response = None
        if self._reusable and not self._transport.is_closing():
            self.resume()
            self._freed(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    # ── from the network ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None or self._complete:  # nothing was asked
            self._reusable = False
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._hand_on(response, len(data))  # what comes before the nonsense is none
            self._break(httpx2.RemoteProtocolError(f"no HTTP: {error}"))
            return
        self._hand_on(response, len(data))

    def _hand_on(self, response: Response, size: int) -> None:
        """What the parser made of a read of this size."""
        if reads := self._reads:
            self._reads = []
            response.body.feed(reads[0] if len(reads) == 1 else b"".join(reads))
        if self._complete:
            response.body.end()
        elif not response.status:
            self._head_bytes += size
            if self._head_bytes > MAX_HEAD_BYTES:
                self._break(httpx2.RemoteProtocolError("a head that does not end"))

    def eof_received(self) -> None:
        """The transport closes by itself now; a body without a length has its end here."""

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self)
        if self._response is None:
            return
        if not self._head_bytes and not self._response.status:
            self._break(HungUp(str(error or "closed without a response")))
        elif self._response.status and self._ends_with_the_connection and error is None:
            self._response.body.end()
        else:
            self._break(httpx2.ReadError(str(error or "closed before the end")))

    def _break(self, error: Exception) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)
        if self._response is not None:
            self._response.body.end(error)
        self.abort()

    @property
    def _ends_with_the_connection(self) -> bool:
        """Whether the body has neither a length nor chunks."""
        assert self._response is not None
        names = {name.lower() for name, _ in self._response.headers}
        return not names & {b"content-length", b"transfer-encoding"}

    # ── from the parser ──

    def on_message_begin(self) -> None:
        if self._complete:  # a second response, which nobody asked for
            self._reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._response is not None and not self._response.status:  # else it is a trailer
            self._response.headers.append((name, value))

    def on_headers_complete(self) -> None:
        response, status = self._response, self._parser.get_status_code()
        if response is None or response.status:
            return
        if status < 200:  # the response is still to come
            response.headers.clear()
            return
        response.status = status
        if self._head is not None and not self._head.done():
            self._head.set_result(response)

    def on_body(self, data: bytes) -> None:
        if not self._complete:
            self._reads.append(data)

    def on_message_complete(self) -> None:
        if self._response is not None and self._response.status and not self._complete:
            self._complete = True
            self._reusable = self._parser.should_keep_alive()
