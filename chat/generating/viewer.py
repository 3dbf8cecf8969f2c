"""A viewer: the cursors of one socket or SSE response, and what is ready to be sent to it."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from django.utils.translation import gettext as _

from chat import protocol
from chat.access import Ticket

from .cursor import Cursor, Frame
from .log import GenerationLog

MAX_NOTICES = 256


class Viewer:
    """Read by the one task that writes to a client: it gives the next frame whenever the client can take one.

    Nothing is stored for a client that reads slowly but its cursors, so it gets fewer and larger frames.
    Logs with something new take turns.
    """

    __slots__ = (
        "__weakref__", "_begin_writing", "_closed", "_notices", "_ready", "_send_now", "_unsent", "_until_read",
        "_waiting", "_writing", "budget_changed", "close_code", "conversations", "cursors", "guest_in", "ticket",
    )  # fmt: skip

    def __init__(
        self,
        *,
        until_read: bool = False,
        send_now: Callable[[bytes], bool] | None = None,
        begin_writing: Callable[[], None] | None = None,
    ) -> None:
        """``until_read``: the iteration ends when all that was attached has been read to its end.

        ``begin_writing``: instead of being iterated by a task that mostly waits, have one begun when there is
        something to send, which calls ``next_frame`` until there is nothing more. ``send_now`` sends a frame's text
        without waiting, or says that it cannot: while nothing is being written it spares each token that task.
        """
        self.ticket: Ticket | None = None  # the sign-in without which there is nothing more to see
        self.budget_changed: Callable[[], None] | None = None  # told when the person's budget may be another one
        self.conversations: set[UUID] = set()  # watched as a whole: what begins there is attached
        self.guest_in: set[UUID] = set()  # conversations of others, for as long as they are shared
        self._until_read = until_read
        self.cursors: dict[UUID, Cursor] = {}
        self._ready: dict[Cursor, None] = {}
        self._notices: list[bytes] = []
        self._send_now = send_now
        self._begin_writing = begin_writing
        self._writing = False
        self._unsent: Frame | None = None  # taken from its log, but the client could not take it yet
        self._waiting: asyncio.Future[None] | None = None  # the writing task's, while it has nothing to do
        self._closed = False
        self.close_code: int | None = None

    def attach(self, log: GenerationLog, after: int = 0, epoch: int | None = None) -> None:
        """Watch a log from a cursor; attaching again moves the cursor. One that is closed watches nothing any more."""
        if self._closed:
            return
        guest = self.ticket is not None and self.ticket.user_id != log.user_id
        if guest:
            self.guest_in.add(log.conversation_id)
        self.detach(log.generation_id)
        cursor = self.cursors[log.generation_id] = Cursor(log, after, epoch, guest=guest)
        log.watch(self, cursor)
        self.wake(cursor)

    def watches(self, generation_id: UUID) -> bool:
        return generation_id in self.cursors

    def detach(self, generation_id: UUID) -> None:
        cursor = self.cursors.pop(generation_id, None)
        if cursor is not None:
            cursor.log.unwatch(self)
            self._ready.pop(cursor, None)

    def leave(self, conversation_id: UUID) -> None:
        """Stop watching all that is generated in a conversation."""
        for generation_id, cursor in list(self.cursors.items()):
            if cursor.log.conversation_id == conversation_id:
                self.detach(generation_id)

    def turn_away(self, conversation_id: UUID) -> None:
        """It is not shared any more: leave it and say so."""
        self.guest_in.discard(conversation_id)
        self.conversations.discard(conversation_id)
        self.leave(conversation_id)
        words = _("This conversation is not shared with you any more.")
        self.tell(protocol.Error(code="forbidden", message=words, retryable=False, conversation_id=conversation_id))
        self._closed = self._closed or (self._until_read and not self.cursors)

    def wake(self, cursor: Cursor) -> None:
        """The cursor's log has something new."""
        if self._send_now is None or self._writing:
            self._ready[cursor] = None
            self._wake_writer()
            return
        frame = self._read(cursor)  # nothing else waits, or it would be being written
        while frame is not None:
            if not self._send_now(frame.json):
                self._unsent = frame
                self._wake_writer()
                return
            frame = self._next() if self._ready else None
        if self._closed:
            self._wake_writer()

    def _wake_writer(self) -> None:
        if self._begin_writing is not None:
            if not self._writing:
                self._writing = True
                self._begin_writing()
        elif self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def tell(self, frame: protocol.ServerFrame) -> None:
        """Send a frame that belongs to no log. A client that makes too many of them wait is done for."""
        if len(self._notices) >= MAX_NOTICES:
            self._notices.clear()
            self.finish(protocol.CloseCode.TOO_SLOW)
            return
        self._notices.append(protocol.encode(frame))
        self._wake_writer()

    def finish(self, code: int) -> None:
        """End the iteration after what waits to be told; ``code`` says to the connection why."""
        self.close_code = self.close_code or code
        self.close()

    def abandon(self) -> None:
        """Nobody reads any more: leave all logs, send nothing."""
        self._begin_writing = self._send_now = self.budget_changed = None
        self.close()

    def close(self) -> None:
        """Leave all logs and end the iteration."""
        self._closed = True
        for generation_id in list(self.cursors):
            self.detach(generation_id)
        self._wake_writer()

    def next_frame(self) -> Frame | None:
        """The next one; None: there is nothing more, and what comes later is sent by a task that is begun then."""
        frame = self._next()
        self._writing = frame is not None or self._closed  # after the end nothing is begun
        return frame

    def __aiter__(self) -> "Viewer":
        return self

    async def __anext__(self) -> Frame:
        while (frame := self._next()) is None:
            if self._closed:
                raise StopAsyncIteration
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return frame

    def _next(self) -> Frame | None:
        if self._unsent is not None:
            unsent, self._unsent = self._unsent, None
            return unsent
        if self._notices:
            return Frame(self._notices.pop(0))
        while self._ready:
            cursor = next(iter(self._ready))
            del self._ready[cursor]
            if (frame := self._read(cursor)) is not None:
                return frame
        return None

    def _read(self, cursor: Cursor) -> Frame | None:
        """The next frame of one log, which is left at its end, and has another turn while there is more."""
        log, frame = cursor.log, cursor.next_frame()
        if log.ended and cursor.exhausted:
            self.detach(log.generation_id)
            self._closed = self._closed or (self._until_read and not self.cursors)
        elif frame is not None and cursor.after < log.visible:
            self._ready[cursor] = None
        return frame
