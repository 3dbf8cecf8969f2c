"""When each of a process's sockets is to be looked after next: one timer for all of them, where each would have two."""

import asyncio
import logging
from typing import Protocol

TICK_S = 1.0
AT_ONCE = 50  # then it is somebody else's turn
logger = logging.getLogger(__name__)


class Beating(Protocol):
    def beat(self) -> None:
        """It is time; says when the next time is by another ``expect``."""


class Heartbeats:
    """Exact to a second, which is enough for sockets, and as cheap with thousands of them as with one."""

    _newest: "Heartbeats | None" = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._due: dict[int, set[Beating]] = {}
        self._timer: asyncio.Handle | None = None

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Heartbeats":
        """Those of a process, which has one loop."""
        if cls._newest is None or cls._newest.loop is not loop:
            cls._newest = cls(loop)
        return cls._newest

    def expect(self, socket: Beating, after_s: float) -> int:
        """Have it beat after so long, once; the number is what ``forget`` wants to know."""
        second = int(self.loop.time() + after_s) + 1
        self._due.setdefault(second, set()).add(socket)
        if self._timer is None:
            self._timer = self.loop.call_later(TICK_S, self._tick)
        return second

    def forget(self, socket: Beating, second: int) -> None:
        self._due.get(second, set()).discard(socket)

    @property
    def idle(self) -> bool:
        """Whether nobody is expected to beat."""
        return self._timer is None

    def _tick(self) -> None:
        left, now = AT_ONCE, int(self.loop.time())
        for second in sorted(second for second in self._due if second <= now):
            due = self._due[second]
            while due and left:
                left -= 1
                self._look_after(due.pop())
            if due:
                self._timer = self.loop.call_soon(self._tick)
                return
            del self._due[second]
        self._timer = self.loop.call_later(TICK_S, self._tick) if self._due else None

    @staticmethod
    def _look_after(socket: Beating) -> None:
        try:
            socket.beat()
        except Exception:
            logger.exception("a socket could not be looked after")
