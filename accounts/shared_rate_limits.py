"""Sliding windows in Redis: exact for all processes together; while it is away each process counts for itself."""

import asyncio
from collections.abc import Callable

import redis

from config.redis import Absence, patience

from .rate_limits import RateLimited, SlidingWindow

# The times of the hits within the window, oldest first, in microseconds on Redis's own clock.
# Returns in how many microseconds the same is allowed again; 0: it is now, and if so wanted it has been counted.
WINDOW = """
local at = redis.call('TIME')
local now = at[1] * 1000000 + at[2]
local limit, window, count = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local first = redis.call('LINDEX', KEYS[1], 0)
while first and tonumber(first) <= now - window do
  redis.call('LPOP', KEYS[1])
  first = redis.call('LINDEX', KEYS[1], 0)
end
local held = redis.call('LLEN', KEYS[1])
if held < limit then
  if count then
    redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  end
  return 0
end
if limit == 0 then return window end
return math.max(1, math.min(window, redis.call('LINDEX', KEYS[1], held - limit) + window - now))
"""


class SharedWindow:
    """A RateLimiter. A key holds at most ``limit`` times and goes with its last one."""

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = redis.Redis.from_url(url, **patience())
        self._script = self._redis.register_script(WINDOW)
        self._prefix = f"{prefix}rate:"
        self._alone = SlidingWindow()
        self._absence = Absence("each process limits rates for itself")

    def hit(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        refused, known = self._ask(key, limit, window_s, count=True)
        return refused if known else self._alone.hit(key, limit, window_s)

    async def ahit(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        return await asyncio.to_thread(self.hit, key, limit, window_s)

    def look(self, key: str, limit: int, window_s: float) -> RateLimited | None:
        refused, known = self._ask(key, limit, window_s, count=False)
        return refused if known else self._alone.look(key, limit, window_s)

    def take_back(self, key: str) -> None:
        if not self._told(lambda: self._redis.rpop(self._prefix + key)):
            self._alone.take_back(key)

    def forget(self, key: str) -> None:
        self._alone.forget(key)
        self._told(lambda: self._redis.delete(self._prefix + key))

    def clear(self) -> None:
        self._alone.clear()
        self._told(lambda: [self._redis.delete(key) for key in self._redis.scan_iter(f"{self._prefix}*", 1000)])

    def _told(self, say: Callable[[], object]) -> bool:
        """Whether Redis has taken note."""
        if self._absence.lasts:
            return False
        try:
            say()
        except redis.RedisError as error:
            self._absence.begin(error)
            return False
        self._absence.end()
        return True

    def _ask(self, key: str, limit: int, window_s: float, *, count: bool) -> tuple[RateLimited | None, bool]:
        """What Redis says, and whether it said anything."""
        if self._absence.lasts:
            return None, False
        try:
            wait = int(self._script(keys=[self._prefix + key], args=[limit, int(window_s * 1e6), int(count)]))
        except redis.RedisError as error:
            self._absence.begin(error)
            return None, False
        self._absence.end()
        return (RateLimited(wait / 1e6) if wait else None), True
