"""uvicorn's WebSockets, bounded: what a client may make wait, how fast, and how long it may read nothing."""

import asyncio
import os
import time
from typing import Any

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN, SERVER

from .heartbeats import Heartbeats
from .turns import Turns
from .waiting import Inbox, Sluice
from .websocket_frames import A_FLOOD, Conversation, Handshake, header, is_text

TOO_BIG, NOT_TEXT, FLOODING = 1009, 1007, 4429
MAX_FRAGMENTS = 1024  # of one message: the library counts their bytes only, and empty ones have none
MAX_UNREAD = 256  # messages of one client that nobody has looked at yet
SLICE_BYTES = 512  # are parsed together; a read may bring ten thousand frames
MAX_TURNS_AFTER_CLOSE = 20  # to find the client's goodbye among what it had sent before
TURN_S = 0.0004  # of one client's frames; then it is somebody else's turn
# Who does not read what they are sent, and sends all the same, is listened to this slowly: they may want to stop it.
UNREAD_S, UNREAD_SLICE_BYTES = 0.1, 256
CONTROLS, CONTROLS_WINDOW_S = 200, 10.0  # pings and pongs; browsers send a handful a minute
GOODBYE_S = 5.0  # for a client to answer a close
CLOSING_S = 1.0  # for who was shown out to take note of it


class SocketConnection(WebSocketsSansIOProtocol):
    """Closing politely would wait for ever behind what a client does not read: so in the end it is aborted."""

    # On the class, for most sockets never have others: a process has thousands of them.
    close_timeout = GOODBYE_S
    _beats_at = 0
    _controls = 0
    _controls_since = 0.0
    _turns_after_close = 0
    _waits_for_turn = False
    _shown_out = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.close_timeout
        self.conn = Handshake(max_size=self.config.ws_max_size, logger=self.logger)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable: Sluice = Sluice()  # type: ignore[assignment]
        self._unparsed = bytearray()

    # ── what comes in ──

    def data_received(self, data: bytes) -> None:
        """Parsed a little at a time, and no further while the application has not looked at what there is."""
        if self._shown_out:
            return
        at_once = self.handshake_initiated and self.writable.is_set()
        if at_once and len(data) <= SLICE_BYTES and not (self._unparsed or self.close_sent):
            super().data_received(data)  # as nearly always
            return
        self._unparsed += data
        if self._waits_for_turn:
            return
        if at_once:
            self._parse()
        else:  # of thousands who connect at the same moment one does in each turn of the loop
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unparsed.clear()
        super().connection_lost(exc)

    async def receive(self) -> Any:
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()
        self._go_on()
        return message

    def _go_on(self) -> None:
        """With what is there, before more of it is read, when it is this client's turn."""
        if not self._unparsed or self.transport.is_closing():
            return
        self.transport.pause_reading()
        if not (self._waits_for_turn or self.read_paused):
            self._waits_for_turn = True
            turns = Turns.of(self.loop)
            if self.writable.is_set():
                turns.ask(self)
            else:
                self.loop.call_later(UNREAD_S, turns.ask, self)

    def take_turn(self) -> None:
        self._waits_for_turn = False
        self._parse()

    def _parse(self) -> None:
        if self.close_sent:
            self._turns_after_close += 1
            if self._turns_after_close > MAX_TURNS_AFTER_CLOSE:
                self.transport.abort()
                return
        until = time.monotonic() + TURN_S
        while self._unparsed and not (self.read_paused or self._shown_out):
            size = SLICE_BYTES if self.writable.is_set() else UNREAD_SLICE_BYTES
            piece = bytes(self._unparsed[:size])
            del self._unparsed[:size]
            super().data_received(piece)
            if self._unparsed and time.monotonic() > until:
                self._go_on()
                return
        if not (self._unparsed or self.read_paused or self.transport.is_closing()):
            self.transport.resume_reading()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"] or {}
            extensions["parley.send_now"] = self.send_now

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self._show_out(TOO_BIG, A_FLOOD)
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.queue.qsize() >= MAX_UNREAD:
            self._show_out(FLOODING)
        elif self.curr_msg_data_type == "text" and not is_text(self.frames):
            self._show_out(NOT_TEXT)
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer, unless the client does not read: the pongs would pile up in memory."""
        pong = b"".join(self.conn.data_to_send())
        if not self._floods_with_controls() and self.writable.is_set():
            self.transport.write(pong)

    def handle_pong(self, event: Frame) -> None:
        if not self._floods_with_controls():
            super().handle_pong(event)

    def _floods_with_controls(self) -> bool:
        now = time.monotonic()
        if now - self._controls_since > CONTROLS_WINDOW_S:
            self._controls, self._controls_since = 0, now
        self._controls += 1
        if self._controls > CONTROLS:
            self._show_out(FLOODING)
        return self._controls > CONTROLS

    def handle_parser_exception(self) -> None:
        """The library has said goodbye to what makes no sense, unless nobody has been let in yet."""
        goodbye = self.conn.close_sent
        self._look_away()
        if goodbye is None:
            self.transport.abort()
        else:
            self._dismiss(goodbye.code)

    def _show_out(self, code: int, reason: str = "") -> None:
        """Close with a code; what waits to be looked at is forgotten, and so is what still comes."""
        self._look_away()
        if not (self.close_sent or not self.handshake_complete or self.transport.is_closing()):
            self.conn.send_close(code)
            self._dismiss(code, reason)

    def _look_away(self) -> None:
        self.frames = []
        self._shown_out = True
        self._unparsed.clear()

    def _dismiss(self, code: int, reason: str = "") -> None:
        """Say what the library has ready, and nothing more; closing at once could lose it on its way in a reset."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.write_eof()
        self.close_timer = self.loop.call_later(CLOSING_S, self.transport.abort)

    # ── what goes out ──

    def send_now(self, text: bytes) -> bool:
        """Send a text frame without waiting; false when that cannot be, and ``send`` is to wait or to fail.

        The way of a token: through every layer of the application around ``send`` it costs three times as much.
        """
        transport = self.transport
        if self.writable.closed is not None or self.close_sent or transport.is_closing():
            return False
        transport.write(header(len(text)) + text)
        return True

    async def send(self, message: Any) -> None:
        if not self.writable.is_set():
            try:
                async with asyncio.timeout(settings.SEND_TIMEOUT_S):
                    await self.writable.wait()
            except TimeoutError:
                self.transport.abort()
                raise ClientDisconnected from None
        if self.close_sent and self.initial_response is None:
            raise ClientDisconnected  # it has been shown out; whoever writes has not heard of it yet
        await super().send(message)
        if self.close_sent:
            self._go_on()  # to the client's goodbye
        elif message["type"] == "websocket.accept":
            self._forget_handshake()

    def _forget_handshake(self) -> None:
        """Headers, and the parser that has read them, would be kept for as long as the socket is open."""
        del self.request, self.response
        read = self.conn
        if read.state is OPEN and not read.reader.buffer and read.current_size is None:
            self.conn = Conversation(  # type: ignore[assignment]
                SERVER, state=OPEN, max_size=self.config.ws_max_size, logger=read.logger
            )

    # ── is anyone there? ──

    def start_keepalive(self) -> None:
        self.ping_sent_at = self.loop.time()
        self._beats_at = Heartbeats.of(self.loop).expect(self, self.config.ws_ping_interval or 0)

    def stop_keepalive(self) -> None:
        Heartbeats.of(self.loop).forget(self, self._beats_at)
        self.pending_ping_payload = None

    def beat(self) -> None:
        """Send a ping when it is time to; some seconds later see whether it was answered."""
        if self.close_sent or self.transport.is_closing():
            return
        if self.pending_ping_payload is not None:
            self.keepalive_timeout()
            self.transport.abort()
            return
        interval, patience = self.config.ws_ping_interval or 0, self.config.ws_ping_timeout or 0
        rest = self.ping_sent_at + interval - self.loop.time()
        if rest <= 0:
            self.ping_sent_at, self.pending_ping_payload = self.loop.time(), os.urandom(4)
            self.conn.send_ping(self.pending_ping_payload)
            self.transport.write(b"".join(self.conn.data_to_send()))
        self._beats_at = Heartbeats.of(self.loop).expect(self, patience if rest <= 0 else rest)
