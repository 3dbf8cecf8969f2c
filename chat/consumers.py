"""The socket: authorises, reads frames and hands them over, sends what its viewer has; nothing else."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User

from . import answering, generating, hints, protocol
from .access import Ticket
from .crowd import Crowd
from .errands import Errands
from .generating import Viewer
from .generating.frames import budget_now
from .generating.guests import turn_away
from .protocol import CloseCode, Refused
from .storage import storage_refusal

logger = logging.getLogger(__name__)
MAX_WAITING = 64
budgets: Crowd[User, protocol.Budget] = Crowd(budget_now)


class ChatConsumer(AsyncConsumer):  # type: ignore[misc]
    """One browser tab's socket.

    The handlers below only parse and hand over. One task writes to the socket, while there is something to write;
    what needs the database is an errand, and errands are run in their order.
    """

    opened = False
    writer: asyncio.Task[None] | None = None
    early: list[dict[str, Any]] | None = None  # hints that came before the client was greeted

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Without the parent's channel and its two tasks: hints are told to ``hear``. However the connection ends,
        by a goodbye or an error on the way, nothing of it stays behind."""
        self.user: User = scope["user"]
        self.ticket: Ticket = scope["ticket"]
        self.browser_language: str = scope["language"]
        self.send_now = (scope.get("extensions") or {}).get("parley.send_now")
        self.base_send = send
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            if self.opened:
                self._end()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the parent's look at database connections: no handler uses one."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    # ── the socket ──

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        self.connection_id = uuid.uuid4()
        self.viewer = Viewer(send_now=self.send_now, begin_writing=self._begin_writing)
        self.viewer.ticket = self.ticket
        self.viewer.budget_changed = self._look_at_budget
        self.bad_frames = 0
        self.process = await generating.started()
        self.errands = Errands(self.process.spawn, MAX_WAITING)
        self.opened = True
        early: list[dict[str, Any]] = []
        self.early = early
        for group in self._groups:
            hints.listen_to(group, self)  # before it looks: what changes after that it must hear
        self.budget = await budgets.ask(self.user)
        self.process.viewers.add(self.viewer)
        await self.base_send({"type": "websocket.accept"})
        self.viewer.tell(self._session(self.budget))
        logger.info("socket opened: connection=%s user=%s", self.connection_id, self.user.pk)
        del self.early
        for hint in early:
            self.hear(hint)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        with translation.override(self.language):
            self._receive(message)

    def _receive(self, message: dict[str, Any]) -> None:
        try:
            self._read(protocol.decode(message.get("text") or message.get("bytes") or ""))
            self.bad_frames = 0
        except Refused as refused:
            self.bad_frames += 1
            self.viewer.tell(refused.frame())
            if self.bad_frames >= protocol.MAX_BAD_FRAMES:
                self.viewer.finish(CloseCode.BAD_FRAMES)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    def _end(self) -> None:
        logger.info("socket closed: connection=%s", self.connection_id)
        self.viewer.abandon()
        if self.writer is not None:
            self.writer.cancel()
        self.errands.stop()
        self.process.budget_news.forget(self)
        for group in (*self._groups, *map(hints.conversation_group, self.viewer.conversations)):
            hints.stop_listening(group, self)

    @property
    def language(self) -> str:
        """What the person has chosen, else what the browser prefers."""
        return self.user.language or self.browser_language

    # ── hints ──

    def hear(self, hint: dict[str, Any]) -> None:
        if self.early is not None:
            self.early.append(hint)
            return
        getattr(self, hint["type"].replace(".", "_"))(hint)

    def conversation_updated(self, hint: dict[str, Any]) -> None:
        self.viewer.tell(
            protocol.ConversationUpdated(conversation_id=UUID(hint["conversation_id"]), change=hint["change"])
        )

    def generation_queued(self, hint: dict[str, Any]) -> None:
        generation_id = UUID(hint["generation_id"])
        if not answering.join(generation_id, self.viewer):
            self._hand_over(answering.join_elsewhere, generation_id, self.viewer)

    def sharing_changed(self, hint: dict[str, Any]) -> None:
        self._hand_over(turn_away, [self.viewer])

    def site_news(self, hint: dict[str, Any]) -> None:
        self.viewer.tell(protocol.SiteNews())

    def budget_changed(self, hint: dict[str, Any]) -> None:
        self._look_at_budget()

    @property
    def _groups(self) -> tuple[str, str]:
        return hints.user_group(self.user.pk), hints.EVERYONE

    # ── what takes time ──

    def _read(self, frame: protocol.AnyClientFrame) -> None:
        match frame:
            case protocol.Ping():
                self.viewer.tell(protocol.Pong(id=frame.id))
            case protocol.Cancel() if self.ticket.may_chat and self._cancel_here(frame.request_id):
                pass
            case protocol.Resume() if self.errands.idle and self._resume_here(frame):
                pass
            case _:
                self._hand_over(self._carry_out, frame, request_id=getattr(frame, "request_id", None))

    def _cancel_here(self, request_id: UUID) -> bool:
        """Stop what this process runs at once: it must not wait behind anything."""
        log = self.process.hub.find(self.user.pk, request_id)
        return log is not None and self.process.cancel(log.generation_id)

    def _resume_here(self, frame: protocol.Resume) -> bool:
        """Go on with what this process has: thousands may come back at once."""
        log = self.process.hub.find(self.user.pk, frame.request_id)
        if log is not None:
            self.viewer.attach(log, frame.after, frame.epoch)
        return log is not None

    def _hand_over(
        self, act: Callable[..., Coroutine[Any, Any, None]], *args: Any, request_id: UUID | None = None
    ) -> None:
        if not self.errands.add(partial(self._in_language, act, *args)):
            with translation.override(self.language):
                sentence = _("This connection sends faster than it can be answered.")
            self.viewer.tell(Refused("rate_limited", sentence, retryable=True, retry_after_s=1).frame(request_id))

    def _look_at_budget(self) -> None:
        self.process.budget_news.want(self)

    async def _in_language(self, act: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        with translation.override(self.language):
            await act(*args)

    async def _carry_out(self, frame: protocol.AnyClientFrame) -> None:
        request_id = getattr(frame, "request_id", None)
        try:
            await self._act(frame)
        except Refused as refused:
            self.viewer.tell(refused.frame(request_id))
        except DatabaseError as error:
            logger.error("socket: connection=%s %s", self.connection_id, error)
            self.viewer.tell(storage_refusal(error).frame(request_id))
        except Exception:
            logger.exception("socket: connection=%s", self.connection_id)
            sentence = _("Something went wrong on the server. Nothing was changed.")
            self.viewer.tell(Refused("internal", sentence, retryable=True).frame(request_id))

    async def _act(self, frame: protocol.AnyClientFrame) -> None:
        self.ticket.check(asks=isinstance(frame, protocol.Ask | protocol.Cancel))
        match frame:
            case protocol.Generate() | protocol.Regenerate() | protocol.Continue():
                await answering.ask(self.user, frame, self.viewer)
            case protocol.Resume():
                await answering.resume(self.user, frame.request_id, self.viewer, frame.after, frame.epoch)
            case protocol.Cancel():
                await answering.cancel(self.user, frame.request_id)
            case protocol.OpenConversation():
                await self._open(frame.conversation_id)
            case protocol.CloseConversation():
                self._leave(frame.conversation_id)

    async def _open(self, conversation_id: UUID) -> None:
        """In this order: what begins between the two is either found or hinted at."""
        hints.listen_to(hints.conversation_group(conversation_id), self)
        self.viewer.conversations.add(conversation_id)
        try:
            await answering.watch(self.user, conversation_id, self.viewer)
        except Refused:
            self._leave(conversation_id)
            raise

    def _leave(self, conversation_id: UUID) -> None:
        self.viewer.conversations.discard(conversation_id)
        self.viewer.guest_in.discard(conversation_id)
        hints.stop_listening(hints.conversation_group(conversation_id), self)
        self.viewer.leave(conversation_id)

    def tell_budget(self, budget: protocol.Budget) -> None:
        """Say what the budget is, when it is another one than was told last."""
        if budget != self.budget:
            self.budget = budget
            self.viewer.tell(protocol.BudgetChanged(**msgspec.structs.asdict(budget)))

    def _begin_writing(self) -> None:
        self.writer = self.process.spawn(self._write())

    async def _write(self) -> None:
        """The one task that sends: whenever the socket takes a frame it gets the next one, as long as there is one."""
        with contextlib.suppress(OSError):  # the client is gone, and whoever reads is told so
            while (frame := self.viewer.next_frame()) is not None:
                await self.base_send({"type": "websocket.send", "text": frame.json.decode()})
            if self.viewer.close_code is not None:
                await self.base_send({"type": "websocket.close", "code": self.viewer.close_code})
        self.writer = None

    def _session(self, budget: protocol.Budget) -> protocol.Session:
        return protocol.Session(
            protocol=protocol.VERSION,
            connection_id=self.connection_id,
            user=protocol.UserInfo(self.user.pk, self.user.name, self.user.email),
            budget=budget,
            heartbeat_s=protocol.HEARTBEAT_S,
            limits=protocol.Limits(
                frame_bytes=protocol.MAX_FRAME_BYTES,
                prompt_chars=protocol.MAX_PROMPT_CHARS,
                messages_per_minute=settings.MESSAGES_PER_MINUTE,
                generations=settings.MAX_GENERATIONS_PER_USER,
            ),
        )
