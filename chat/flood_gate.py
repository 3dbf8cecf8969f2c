"""The gate against floods: how many sockets one person has, and how many frames one of them may send."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.rate_limits import RateLimited, here
from config.websocket_frames import A_FLOOD

from . import protocol
from .protocol import CloseCode, Refused

App = Callable[[Any, Any, Any], Awaitable[None]]

FLOODS, FLOODS_WINDOW_S = 3, 60.0  # so often somebody is shown out for flooding and may come back at once
PENALTY_S = 2.0  # what each attempt takes after that
BURST_S = 4.0  # the frames of so many seconds may come at once, as after a reconnection
SOCKETS_RETRY_S = 60.0
open_sockets: Counter[UUID] = Counter()
numbers = itertools.count()


def unflooded(app: App) -> App:
    """Needs ``scope["user"]``."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        user_id: UUID = scope["user"].pk
        if open_sockets[user_id] >= settings.MAX_SOCKETS_PER_USER:
            sentence = _("You have too many pages open. Please close some of them.")
            await _turn_away(
                receive, send, Refused("rate_limited", sentence, retryable=True, retry_after_s=SOCKETS_RETRY_S)
            )
            return
        open_sockets[user_id] += 1
        try:
            if limited := here.look(f"floods:{user_id}", FLOODS, FLOODS_WINDOW_S):
                await asyncio.sleep(PENALTY_S)
                await _turn_away(receive, send, _too_much(limited))
                return
            socket = SteadySocket(receive, send, user_id)
            await app(scope, socket.receive, socket.send)
        finally:
            open_sockets[user_id] -= 1
            if not open_sockets[user_id]:
                del open_sockets[user_id]

    return gate


async def _turn_away(receive: Any, send: Any, refused: Refused) -> None:
    """Accepted, so that the page learns why, then closed."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": protocol.encode(refused.frame()).decode()})
    await send({"type": "websocket.close", "code": CloseCode.FLOODING})


def _too_much(limited: RateLimited) -> Refused:
    sentence = _("This connection sends too much. Please try again in %(seconds)s s.")
    words = sentence % {"seconds": limited.retry_after_header}
    return Refused("rate_limited", words, retryable=True, retry_after_s=limited.retry_after_s)


class SteadySocket:
    """One socket's frames, no more of them than allowed: each one above is answered with when to send it again,
    and who does not listen is shown out."""

    __slots__ = ("_closed", "_key", "_receive", "_send", "_user_id")

    def __init__(self, receive: Any, send: Any, user_id: UUID) -> None:
        self._user_id = user_id
        self._receive = receive
        self._send = send
        self._key = next(numbers)
        self._closed = False

    async def receive(self) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self._receive()
            if message["type"] != "websocket.receive":
                self._note_end(message)
                return message
            if self._closed:
                continue
            limited = self._hit("frames", BURST_S)
            if limited is None:
                return message
            await self._refuse(message, limited)

    def _note_end(self, message: dict[str, Any]) -> None:
        if message.get("code") == CloseCode.FLOODING or message.get("reason") == A_FLOOD:
            here.hit(f"floods:{self._user_id}", FLOODS, FLOODS_WINDOW_S)

    async def send(self, message: dict[str, Any]) -> None:
        if not self._closed:
            self._closed = message["type"] == "websocket.close"
            await self._send(message)

    def _hit(self, what: str, seconds: float) -> RateLimited | None:
        return here.hit(f"{what}:{self._key}", int(settings.MAX_FRAMES_PER_SECOND * seconds), BURST_S)

    async def _refuse(self, message: dict[str, Any], limited: RateLimited) -> None:
        if self._hit("refused", 1) is not None:
            await self.send({"type": "websocket.close", "code": CloseCode.FLOODING})
            return
        request_id = protocol.request_id_of(message.get("text") or message.get("bytes") or "")
        await self.send(
            {"type": "websocket.send", "text": protocol.encode(_too_much(limited).frame(request_id)).decode()}
        )
