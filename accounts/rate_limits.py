"""How often something may be done: a sliding window for each key."""

import collections
import dataclasses
import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

from django.conf import settings

MAX_KEYS = 100_000


@dataclasses.dataclass(frozen=True)
class RateLimited:
    """Too often; the same is allowed again after ``retry_after_s`` (more than 0)."""

    retry_after_s: float

    @property
    def retry_after_header(self) -> str:
        """Whole seconds, rounded up, as HTTP wants them."""
        return str(math.ceil(self.retry_after_s))


class RateLimiter(Protocol):
    """Counts in this process or for all processes together."""

    def hit(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        """Count one more for this key; over the limit it is refused and not counted."""
        ...

    async def ahit(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        """As ``hit``, without blocking the event loop."""
        ...

    def look(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        """What ``hit`` would say, without counting."""
        ...

    def take_back(self, key: str) -> None:
        """The last hit of this key is none after all."""
        ...

    def forget(self, key: str) -> None:
        """All hits of this key."""
        ...

    def clear(self) -> None:
        """All hits of all keys."""
        ...


class SlidingWindow:
    """Exact, in memory, safe from any thread or task: the times of each key's hits within its window.

    A key holds at most ``limit`` times and goes with its last one. Beyond ``max_keys`` those hit longest
    ago go first: they are forgiven, which is better than running out of memory.
    """

    def __init__(self, *, max_keys: int = MAX_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_keys = max_keys
        self._clock = clock
        self._lock = threading.Lock()
        # The least recently hit first.
        self._hits: collections.OrderedDict[str, _Hits] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._hits)

    def hit(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        with self._lock:
            now = self._clock()
            hits = self._hits.setdefault(key, _Hits())
            refused = hits.add(now, limit, window_s)
            if hits.times:
                self._hits.move_to_end(key)
            else:
                del self._hits[key]
            self._forget(now)
        return refused

    async def ahit(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        return self.hit(key, limit, window_s)

    def look(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        with self._lock:
            hits = self._hits.get(key)
            return hits.refusal(self._clock(), limit, window_s) if hits else None

    def take_back(self, key: str) -> None:
        with self._lock:
            if (hits := self._hits.get(key)) and hits.times:
                hits.times.pop()

    def forget(self, key: str) -> None:
        with self._lock:
            self._hits.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._hits.clear()

    def _forget(self, now: float) -> None:
        """Drop the keys in front whose windows have passed, and what is over the bound."""
        while self._hits:
            hits = next(iter(self._hits.values()))
            if now < hits.expires_at and len(self._hits) <= self._max_keys:
                return
            self._hits.popitem(last=False)


@dataclasses.dataclass(slots=True)
class _Hits:
    times: collections.deque[float] = dataclasses.field(default_factory=collections.deque)
    expires_at: float = 0.0

    def add(self, now: float, limit: int, window_s: float) -> RateLimited | None:
        refused = self.refusal(now, limit, window_s)
        if refused is None:
            self.times.append(now)
            self.expires_at = now + window_s
        return refused

    def refusal(self, now: float, limit: int, window_s: float) -> RateLimited | None:
        while self.times and self.times[0] <= now - window_s:
            self.times.popleft()
        if len(self.times) < limit:
            return None
        # With a limit that was lowered, so many must pass that fewer than the limit are left.
        passes_at = self.times[len(self.times) - limit] + window_s if limit else math.inf
        return RateLimited(min(passes_at - now, window_s))


def _limiter() -> RateLimiter:
    if not settings.REDIS_URL:
        return here
    from .shared_rate_limits import SharedWindow

    return SharedWindow(settings.REDIS_URL, settings.REDIS_PREFIX)


here = SlidingWindow()  # for what is of this process alone, as its sockets are
limiter = _limiter()  # for what people do, in whichever process
