"""What budgets are now, for open sockets: one look for all who have news within a moment, however many they are."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError

from accounts.models import User
from chat.database import in_database
from chat.protocol import Budget

from .frames import budget_now

logger = logging.getLogger(__name__)
A_MOMENT_S = 0.1  # an answer begins and ends in it if it is short, and its first token goes before the news
AT_ONCE = 20


class Socket(Protocol):
    """Somebody's. ``tell_budget`` may be told what it knows already."""

    user: User

    def tell_budget(self, budget: Budget) -> None: ...


class BudgetNews:
    """A process's. All sockets of a person are told what one look has found, of the time zone as it is now, too."""

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]) -> None:
        self._spawn = spawn
        self._waiting: dict[UUID, dict[Socket, None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def want(self, socket: Socket) -> None:
        """Its person's budget may be another one: have it told."""
        self._waiting.setdefault(socket.user.pk, {})[socket] = None
        if self._looking is None:
            self._looking = self._spawn(self._look())

    def forget(self, socket: Socket) -> None:
        """It is closed."""
        sockets = self._waiting.get(socket.user.pk, {})
        sockets.pop(socket, None)
        if not sockets:
            self._waiting.pop(socket.user.pk, None)

    async def _look(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(A_MOMENT_S)
                due = list(self._waiting)
                for first in range(0, len(due), AT_ONCE):
                    await self._tell([list(self._waiting.pop(key, ())) for key in due[first : first + AT_ONCE]])
        finally:
            self._looking = None

    @staticmethod
    async def _tell(waiting: Sequence[Sequence[Socket]]) -> None:
        due = [sockets for sockets in waiting if sockets]  # some may have closed meanwhile
        try:
            budgets = await in_database(budgets_of, [sockets[0].user for sockets in due])
        except DatabaseError as error:
            logger.error("budgets: %s", error)
            return
        for sockets, budget in zip(due, budgets, strict=True):
            for socket in sockets:
                socket.user.take_preferences_of(sockets[0].user)
                if budget is not None:
                    socket.tell_budget(budget)


def budgets_of(people: Sequence[User]) -> list[Budget | None]:
    """None for somebody who is gone. Blocking: three queries each."""
    return [_budget(user) for user in people]


def _budget(user: User) -> Budget | None:
    try:
        user.refresh_preferences()
    except User.DoesNotExist:
        return None
    return budget_now(user)
