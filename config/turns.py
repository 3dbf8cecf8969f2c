"""Whose frames are parsed next, when some send more than can be parsed at once: one client's in a turn of the loop."""

import asyncio
from collections import deque
from typing import Protocol


class Taking(Protocol):
    def take_turn(self) -> None:
        """Work for a moment, and ask again if that was not enough."""


class Turns:
    """However many flood the process, everybody else waits for one of them at a time."""

    _newest: "Turns | None" = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[Taking] = deque()

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Turns":
        """Those of a process, which has one loop."""
        if cls._newest is None or cls._newest.loop is not loop:
            cls._newest = cls(loop)
        return cls._newest

    def ask(self, who: Taking) -> None:
        """It comes after those who have asked before."""
        self._waiting.append(who)
        if len(self._waiting) == 1:
            self.loop.call_soon(self._next)

    def _next(self) -> None:
        try:
            self._waiting[0].take_turn()  # still counted as waiting, so that asking again begins nothing twice
        finally:
            self._waiting.popleft()
            if self._waiting:
                self.loop.call_soon(self._next)
