"""Tokens that say when they were sent, for measuring: cheap enough that the provider is not what is measured."""

import asyncio
import time
from collections.abc import Callable


def stamp() -> str:
    """A token's text: the time of the clock that all processes share, in microseconds."""
    return f"~{time.monotonic_ns() // 1000} "


class Pacer:
    """Writes ``count`` stamped tokens, ``rate`` a second, by one timer and without a task that sleeps."""

    def __init__(self, write: Callable[[bytes], None], token: Callable[[str], bytes], count: int, rate: float) -> None:
        self._write = write
        self._token = token
        self._left = count
        self._step = 1 / rate
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self.done: asyncio.Future[None] = self._loop.create_future()

    def tick(self) -> None:
        """Send what is due, and come back for the next one."""
        if self.done.done():  # cancelled: the client has left
            return
        now = self._loop.time()
        packet = []
        while self._left and self._due <= now:
            packet.append(self._token(stamp()))
            self._left -= 1
            self._due += self._step
        self._write(b"".join(packet))
        if self._left:
            self._loop.call_at(self._due, self.tick)
        else:
            self.done.set_result(None)
