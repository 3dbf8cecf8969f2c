"""Hints between the sockets of one process, where there is no Redis."""

import asyncio
import contextlib
import logging
import time
from typing import Any, Protocol

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

CLEANING_S = 1.0
logger = logging.getLogger(__name__)


class Ear(Protocol):
    """Takes hints; it must be quick, and never wait."""

    def hear(self, hint: dict[str, Any]) -> None: ...


class ProcessLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """A socket is an ear, not a channel of the library's: that is a queue and two tasks for each of thousands, which
    are silent, and looks through every queue for what has expired. A socket leaves its groups by itself.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._cleaned_at = 0.0
        self._ears: dict[str, set[Ear]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen_to(self, group: str, ear: Ear) -> None:
        """Until ``stop_listening``; twice is once."""
        self._loop = asyncio.get_running_loop()
        self._ears.setdefault(group, set()).add(ear)

    def stop_listening(self, group: str, ear: Ear) -> None:
        ears = self._ears.get(group, set())
        ears.discard(ear)
        if not ears:
            self._ears.pop(group, None)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._clean_expired()
        for channel in list(self.groups.get(group, ())):
            with contextlib.suppress(ChannelFull):
                await self.send(channel, message)
        if group not in self._ears or self._loop is None:
            return
        if self._loop is asyncio.get_running_loop():
            self._tell(group, message)
        else:  # from a thread that had to make a loop of its own
            self._loop.call_soon_threadsafe(self._tell, group, message)

    def _tell(self, group: str, message: dict[str, Any]) -> None:
        for ear in list(self._ears.get(group, ())):
            try:
                ear.hear(message)
            except Exception:
                logger.exception("a hint could not be taken")

    def _clean_expired(self) -> None:
        now = time.time()
        if now - self._cleaned_at < CLEANING_S:
            return
        self._cleaned_at = now
        for queue in self.channels.values():
            while not queue.empty() and queue._queue[0][0] < now:  # noqa: SLF001
                queue.get_nowait()
