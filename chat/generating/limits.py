"""The time limits of one generation: one timer, moved lazily, so that a token costs one assignment."""

import asyncio
from collections.abc import Callable

from django.conf import settings

from .ending import OUT_OF_TIME, SILENT, End


class TimeLimits:
    """Calls ``stop`` when an answer takes too long in all, or falls silent once it has begun."""

    def __init__(self, stop: Callable[[End], None]) -> None:
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + settings.GENERATION_TIMEOUT_S
        self.heard_at: float | None = None  # before the first token the upstream's own limit counts
        self._timer = self._loop.call_at(self._deadline, self._look)

    def heard(self, now: float) -> None:
        """The provider sent something, at this monotonic time."""
        first, self.heard_at = self.heard_at is None, now
        if first:
            self._look()

    def cancel(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        self._timer.cancel()
        now = self._loop.time()
        silent_at = (self.heard_at or now) + settings.IDLE_TIMEOUT_S
        if now >= self._deadline:
            self._stop(OUT_OF_TIME)
        elif self.heard_at is not None and now >= silent_at:
            self._stop(SILENT)
        else:
            self._timer = self._loop.call_at(min(self._deadline, silent_at), self._look)
