"""One answer of a provider over HTTP, read: the deltas of each network read."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import httpx2

from . import Delta, Take
from .body import Body
from .parsing import StreamParser
from .refusals import scrubbed
from .transport import BODY

logger = logging.getLogger(__name__)

TRAILING_S = 1.0  # how long a stream may take to end once the provider has said how the answer ended


class HttpStream:
    """See ``providers.Stream``. A connection that breaks ends it: no Finish, no error.

    Raises ProviderError for what the provider says, once all that came before it has been handed on.
    """

    def __init__(self, response: httpx2.Response, parser: StreamParser) -> None:
        self._parser = parser
        self._response = response
        self._body: Body | None = None if "content-encoding" in response.headers else response.extensions.get(BODY)
        self._decoded = response.aiter_bytes()  # where the body itself cannot be taken
        self._patient_until: float | None = None
        self._ended = False

    def __aiter__(self) -> "HttpStream":
        return self

    async def __anext__(self) -> Sequence[Delta]:
        while not self._ended:
            if self._parser.failure and not self._parser.finish:
                raise self._parser.failure  # once the answer has its end, nonsense behind it is none any more
            read = await self._next_read()
            self._ended = not read
            if deltas := self._parser.feed(read) if read else self._parser.end():
                return deltas
        raise StopAsyncIteration

    async def hand_on(self, take: Take) -> bool:
        """What comes until the provider says how the answer ends is taken in the callback that brings it."""
        enough, parser, feed = False, self._parser, self._parser.feed

        def read_and_take(read: bytes) -> bool:
            nonlocal enough
            deltas = feed(read)
            enough = bool(deltas) and not take(deltas)
            return not (enough or parser.finish or parser.failure)

        if self._body is not None and not (self._parser.finish or self._parser.failure):
            await self._body.hand_on(read_and_take)
        if enough:
            return False
        async for deltas in self:
            if not take(deltas):
                return False
        return True

    async def aclose(self) -> None:
        """Close the connection, unless the answer has been read to its end."""
        with contextlib.suppress(httpx2.HTTPError, OSError):
            await self._response.aclose()

    async def _next_read(self) -> bytes:
        """Nothing when the stream ends, breaks, or what may still come after the answer's end takes too long.

        That is the usage, and the end that lets the connection be kept.
        """
        if self._parser.finish and self._patient_until is None:
            self._patient_until = asyncio.get_running_loop().time() + TRAILING_S
        try:
            async with asyncio.timeout_at(self._patient_until):
                return await (self._body.read() if self._body else anext(self._decoded, b""))
        except TimeoutError:
            pass
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            logger.info("connection to the provider lost: %s", scrubbed(repr(error)))
        return b""
