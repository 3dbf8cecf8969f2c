"""What takes time, one thing after the other, by a task that is there only while there is something to do."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

logger = logging.getLogger(__name__)
Errand = Callable[[], Coroutine[Any, Any, None]]


class Errands:
    """A socket's: most sockets are silent, and a process has thousands, so one that waits holds no task."""

    __slots__ = ("_most", "_running", "_spawn", "_waiting")

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]], most: int) -> None:
        """``spawn`` starts a task; ``most`` errands may wait."""
        self._spawn = spawn
        self._most = most
        self._waiting: list[Errand] = []
        self._running: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether what is done at once overtakes nothing."""
        return self._running is None

    def add(self, errand: Errand) -> bool:
        """Run it after those before it; false, and it is not, when too many wait."""
        if len(self._waiting) >= self._most:
            return False
        self._waiting.append(errand)
        if self._running is None:
            self._running = self._spawn(self._run())
        return True

    def stop(self) -> None:
        """Forget what waits and cancel what runs."""
        self._waiting.clear()
        if self._running is not None:
            self._running.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._carry_out(self._waiting.pop(0))
        finally:
            self._running = None

    @staticmethod
    async def _carry_out(errand: Errand) -> None:
        """One that fails is no reason for those behind it not to be run."""
        try:
            await errand()
        except Exception:
            logger.exception("an errand failed")
