"""The rest of a provider's response, iterated or taken as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from .http1 import Connection

MAX_UNREAD_BYTES = 256 * 1024  # that nobody takes at the moment; then the provider waits

Take = Callable[[bytes], bool]


class Body(httpx2.AsyncByteStream):
    """Of one response; its connection feeds it."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self._take: Take | None = None
        self._news: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while read := await self.read():
            yield read

    async def read(self) -> bytes:
        """All that has come meanwhile; nothing at the end. Raises httpx2.HTTPError when the connection breaks."""
        while not (self._unread or self._ended):
            await self._wait()
        if self._unread:
            return self._all_unread()
        if self._error is not None:
            raise self._error
        return b""

    async def hand_on(self, take: Take) -> None:
        """Give each read to ``take`` until it returns false or nothing more comes; raises what it raises.

        Called again, it goes on behind what was taken. Whether the end was an error is for who iterates.
        """
        if self._unread and not take(self._all_unread()):
            return
        self._take = take
        try:
            if not self._ended:
                await self._wait()
        finally:
            self._take = None

    async def aclose(self) -> None:
        """Keep the connection for the next request when this has been read to its end; else close it at once."""
        self._unread.clear()
        self._connection.let_go(self)

    def feed(self, read: bytes) -> None:
        """One network read's share of it."""
        take = self._take
        if take is None:
            self._unread.append(read)
            self._unread_bytes += len(read)
            if self._unread_bytes > MAX_UNREAD_BYTES:
                self._connection.pause()
            self._tell()
            return
        try:
            enough = not take(read)
        except Exception as error:  # noqa: BLE001 (it is for whoever waits in ``hand_on``)
            self._take = None
            self._tell(error)
            return
        if enough:
            self._take = None
            self._tell()

    def end(self, error: Exception | None = None) -> None:
        """Nothing more comes."""
        if not self._ended:
            self._ended, self._error = True, error
            self._tell()

    def _all_unread(self) -> bytes:
        reads, self._unread, self._unread_bytes = self._unread, [], 0
        self._connection.resume()
        return reads[0] if len(reads) == 1 else b"".join(reads)

    async def _wait(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _tell(self, error: Exception | None = None) -> None:
        if self._news is None or self._news.done():
            return
        if error is None:
            self._news.set_result(None)
        else:
            self._news.set_exception(error)
