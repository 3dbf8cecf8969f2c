"""The socket: authorises, reads frames and hands them over, sends what its viewer has; nothing else."""

import asyncio
import logging
import uuid
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import msgspec
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import translation

from accounts.languages import preferred_language
from accounts.models import User

from . import answering, generating, hints, protocol
from .access import Ticket
from .database import in_database
from .generating import Viewer
from .generating.frames import budget_now
from .generating.guests import turn_away
from .protocol import CloseCode, Refused
from .storage import storage_refusal

logger = logging.getLogger(__name__)
MAX_WAITING = 64


class ChatConsumer(AsyncConsumer):  # type: ignore[misc]
    """One browser tab's socket.

    The handlers below only parse and hand over. Two tasks do what takes time: one writes to the socket, one
    carries out the frames that need the database, in their order.
    """

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the parent's look at database connections: no handler uses one."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    # ── the socket ──

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        self.user: User = self.scope["user"]
        self.connection_id = uuid.uuid4()
        self.viewer = Viewer(send_now=self.scope.get("extensions", {}).get("parley.send_now"))
        self.viewer.ticket = self.ticket = Ticket.of_scope(self.scope)
        self.work: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue(MAX_WAITING)
        self.viewer.budget_news = self.budget_news = asyncio.Event()
        self.bad_frames = 0
        process = await generating.started()
        process.viewers.add(self.viewer)
        budget = await in_database(budget_now, self.user)
        for group in self._groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.base_send({"type": "websocket.accept"})
        self.viewer.tell(self._session(budget))
        self.tasks = [process.spawn(work) for work in (self._write(), self._work_off(), self._tell_budgets(budget))]
        logger.info("socket opened: connection=%s user=%s", self.connection_id, self.user.pk)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """However the connection ends, by a goodbye or an error on the way, nothing of it stays behind."""
        self.tasks = list[asyncio.Task[None]]()
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.tasks:
                await self._end()

    async def _end(self) -> None:
        logger.info("socket closed: connection=%s", self.connection_id)
        self.viewer.close()
        for task in self.tasks:
            task.cancel()
        for group in self._groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        for conversation_id in self.viewer.conversations:
            await self.channel_layer.group_discard(hints.conversation_group(conversation_id), self.channel_name)

    @property
    def language(self) -> str:
        """What the person has chosen, else what the browser prefers."""
        headers = dict(self.scope["headers"])
        return self.user.language or preferred_language(headers.get(b"accept-language", b"").decode("latin1"))

    # ── hints ──

    async def conversation_updated(self, hint: dict[str, Any]) -> None:
        self.viewer.tell(
            protocol.ConversationUpdated(conversation_id=UUID(hint["conversation_id"]), change=hint["change"])
        )

    async def generation_queued(self, hint: dict[str, Any]) -> None:
        generation_id = UUID(hint["generation_id"])
        if not answering.join(generation_id, self.viewer):
            self._hand_over(answering.join_elsewhere(generation_id, self.viewer))

    async def sharing_changed(self, hint: dict[str, Any]) -> None:
        self._hand_over(turn_away([self.viewer]))

    async def site_news(self, hint: dict[str, Any]) -> None:
        self.viewer.tell(protocol.SiteNews())

    async def budget_changed(self, hint: dict[str, Any]) -> None:
        self.budget_news.set()

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
            case _:
                self._hand_over(self._carry_out(frame))

    def _cancel_here(self, request_id: UUID) -> bool:
        """Stop what this process runs at once: it must not wait behind anything."""
        process = generating.current()
        log = process.hub.find(self.user.pk, request_id)
        return log is not None and process.cancel(log.generation_id)

    def _hand_over(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            self.work.put_nowait(work)
        except asyncio.QueueFull:
            work.close()
            sentence = "This connection sends faster than it can be answered."
            self.viewer.tell(Refused("rate_limited", sentence, retryable=True, retry_after_s=1).frame())

    async def _work_off(self) -> None:
        """Carry out what was handed over, one after the other."""
        while True:
            work = await self.work.get()
            with translation.override(self.language):
                await work

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
            sentence = "Something went wrong on the server. Nothing was changed."
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
                await self._leave(frame.conversation_id)

    async def _open(self, conversation_id: UUID) -> None:
        """In this order: what begins between the two is either found or hinted at."""
        await self.channel_layer.group_add(hints.conversation_group(conversation_id), self.channel_name)
        self.viewer.conversations.add(conversation_id)
        try:
            await answering.watch(self.user, conversation_id, self.viewer)
        except Refused:
            await self._leave(conversation_id)
            raise

    async def _leave(self, conversation_id: UUID) -> None:
        self.viewer.conversations.discard(conversation_id)
        self.viewer.guest_in.discard(conversation_id)
        await self.channel_layer.group_discard(hints.conversation_group(conversation_id), self.channel_name)
        self.viewer.leave(conversation_id)

    async def _tell_budgets(self, known: protocol.Budget) -> None:
        """Say when the budget is another one; of hints that come in a burst the last is enough."""
        while True:
            await self.budget_news.wait()
            self.budget_news.clear()
            try:
                await in_database(self.user.refresh_preferences)
                budget = await in_database(budget_now, self.user)
            except DatabaseError as error:
                logger.error("socket: connection=%s %s", self.connection_id, error)
                continue
            if budget != known:
                known = budget
                self.viewer.tell(protocol.BudgetChanged(**msgspec.structs.asdict(budget)))

    async def _write(self) -> None:
        """The one task that sends: whenever the socket takes a frame it gets the next one."""
        async for frame in self.viewer:
            await self.base_send({"type": "websocket.send", "text": frame.json.decode()})
        if self.viewer.close_code is not None:
            await self.base_send({"type": "websocket.close", "code": self.viewer.close_code})

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
