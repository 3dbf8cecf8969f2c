"""Hints between the sockets of one process, where there is no Redis."""

import contextlib
import time
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

CLEANING_S = 1.0


class ProcessLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """The library's own looks through every channel for what has expired whenever one is used, and starts a task
    for every receiver: with thousands of sockets a process did nothing else. A socket leaves its groups by itself.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._cleaned_at = 0.0

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._clean_expired()
        for channel in list(self.groups.get(group, ())):
            with contextlib.suppress(ChannelFull):
                await self.send(channel, message)

    def _clean_expired(self) -> None:
        now = time.time()
        if now - self._cleaned_at < CLEANING_S:
            return
        self._cleaned_at = now
        for queue in self.channels.values():
            while not queue.empty() and queue._queue[0][0] < now:  # noqa: SLF001
                queue.get_nowait()
