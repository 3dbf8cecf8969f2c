"""What a socket waits for: the library's queue and event are ten times as large, and a process has thousands."""

import asyncio
from typing import Any


class Inbox:
    """As ``asyncio.Queue``, for one reader."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def get_nowait(self) -> Any:
        return self._messages.pop(0)

    async def get(self) -> Any:
        while not self._messages:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._messages.pop(0)

    def empty(self) -> bool:
        return not self._messages

    def qsize(self) -> int:
        return len(self._messages)


class Sluice:
    """As ``asyncio.Event``; it is open at first."""

    __slots__ = ("closed",)

    def __init__(self) -> None:
        self.closed: list[asyncio.Future[None]] | None = None  # then it has those who wait

    def is_set(self) -> bool:
        return self.closed is None

    def set(self) -> None:
        waiting, self.closed = self.closed or [], None
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def clear(self) -> None:
        if self.closed is None:
            self.closed = []

    async def wait(self) -> None:
        if self.closed is not None:
            one = asyncio.get_running_loop().create_future()
            self.closed.append(one)
            await one
