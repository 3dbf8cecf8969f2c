"""How long a runner may still write: once its lease has run out, another process may have taken its place."""

import asyncio
import time

from chat.database import shared
from chat.models.generation import LEASE

MARGIN_S = 2.0  # for clocks that do not run alike


class Lease:
    """Measured with this process's own clock, which goes on while the process is stopped.

    A process that is alone on its database needs none.
    """

    def __init__(self) -> None:
        self.ends_at = time.monotonic() + LEASE.total_seconds() - MARGIN_S
        self._renewed = asyncio.Event()

    def renewed(self, asked_at: float) -> None:
        """The database has renewed it, by a query that began at ``asked_at`` (monotonic)."""
        self.ends_at = asked_at + LEASE.total_seconds() - MARGIN_S
        self._renewed.set()

    @property
    def over(self) -> bool:
        """Whether somebody else may write now."""
        return time.monotonic() > self.ends_at and shared()

    async def held(self) -> None:
        """Return at once while it lasts; else wait until it is renewed, or until somebody ends this task."""
        while self.over:
            self._renewed.clear()
            await self._renewed.wait()
