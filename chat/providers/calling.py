"""Calls over HTTP through a provider's SDK: its auth, typed errors and pooled connections, none of its models.

The SDK hands over the undecoded response; a parser makes one pass over each network read. A typed SDK
stream costs 68 µs a token, this about one.
"""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx2
import msgspec
from django.conf import settings
from django.utils.translation import gettext as _

from . import Delta, OfferedModel, Prompt, ProviderError
from .parsing import StreamParser, nonsense, tokens
from .refusals import Refusal, scrubbed

logger = logging.getLogger(__name__)

MAX_LESSONS = 4
TRAILING_S = 1.0  # how long a stream may take to end once the provider has said how the answer ended
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
CONTEXT_FIELDS = ("context_window", "context_length", "max_model_len", "max_input_tokens", "max_context_length")
OUTPUT_FIELDS = ("max_output_tokens", "max_completion_tokens", "max_tokens")


class Call(msgspec.Struct, frozen=True):
    """One request and the parser of its answer."""

    path: str
    body: dict[str, Any]
    parser: StreamParser

    @property
    def is_continuation(self) -> bool:
        """Whether the last message is the beginning of the answer."""
        return bool(self.body["messages"][-1]["role"] == "assistant")


class HttpProvider(ABC):
    """What every provider over HTTP does the same; a subclass words the request and reads the events.

    Only connecting has a time limit here: a caller bounds the wait for the first token, and it must bound
    entering ``stream`` too, because a provider may hold back even its headers.
    """

    sdk: ModuleType
    _client: Any

    def __init__(self) -> None:
        self._learned: defaultdict[str, set[str]] = defaultdict(set)
        self._has_answered = False

    @abstractmethod
    def _call(self, prompt: Prompt) -> Call:
        """The request for this prompt, worded as has been learned so far."""

    @abstractmethod
    def _lesson(self, call: Call, refusal: Refusal) -> str | None:
        """What to do differently with this model after that refusal of this call; None: nothing would help."""

    @abstractmethod
    async def offered_models(self) -> list[OfferedModel]: ...

    @contextlib.asynccontextmanager
    async def stream(self, prompt: Prompt) -> AsyncIterator[AsyncIterator[Sequence[Delta]]]:
        """See ``Provider.stream``. The Finish is the last delta; iterating past it keeps the connection for reuse."""
        response, parser = await self._open(prompt)
        try:
            async with contextlib.aclosing(self._packets(response, parser)) as packets:
                yield packets
        finally:
            with contextlib.suppress(httpx2.HTTPError, aiohttp.ClientError, OSError):
                await response.aclose()

    async def aclose(self) -> None:
        await self._client.close()

    async def _open(self, prompt: Prompt) -> tuple[httpx2.Response, StreamParser]:
        """The response's beginning. A request that is refused for its wording is worded anew, and that remembered."""
        learned = self._learned[prompt.model]
        for _lesson in range(MAX_LESSONS):
            known, call = frozenset(learned), self._call(prompt)
            try:
                return await self._post(call), call.parser
            except self.sdk.APIStatusError as error:
                refusal = Refusal.of_response(error.status_code, error.response.headers, error.body)
                lesson = None if refusal.is_too_long else self._lesson(call, refusal)
                if lesson is None or lesson in known:  # another call may have learned it meanwhile: that is no end
                    raise refusal.error(prompt.model) from None
                logger.info("provider refused the wording: model=%s learned=%s", prompt.model, lesson)
                learned.add(lesson)
        raise refusal.error(prompt.model)

    async def _post(self, call: Call) -> httpx2.Response:
        """Send it; once more when a kept connection turns out to have been closed meanwhile.

        That is safe: the provider closed it without a byte of an answer, as it does with idle connections. A
        connection that cannot have been kept from an earlier call gets no second try.
        """
        try:
            response = await self._send(call)
        except self.sdk.APIConnectionError as error:
            if not (self._has_answered and _hung_up(error)):
                raise unreachable(error) from error
            try:
                response = await self._send(call)
            except self.sdk.APIConnectionError as again:
                raise unreachable(again) from again
        self._has_answered = True
        content_type = response.headers.get("content-type", "")
        if "html" in content_type or "json" in content_type:
            await response.aclose()
            raise nonsense(f"{content_type} instead of a stream")
        return response

    async def _send(self, call: Call) -> httpx2.Response:
        try:
            response: httpx2.Response = await self._client.post(
                call.path, cast_to=httpx2.Response, body=call.body, stream=True, stream_cls=self.sdk.AsyncStream
            )
        except (httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
            raise unreachable(error) from error  # what an SDK leaves unwrapped
        return response

    async def _packets(self, response: httpx2.Response, parser: StreamParser) -> AsyncGenerator[Sequence[Delta], None]:
        """The deltas of each network read. A connection that breaks ends the iterator: no Finish, no error.

        Raises ProviderError for what the provider says, once all that came before it has been handed on.
        """
        read_on = response.aiter_bytes if "content-encoding" in response.headers else response.aiter_raw
        try:
            async with contextlib.aclosing(read_on()) as reads:
                async for read in reads:
                    if deltas := parser.feed(read):
                        yield deltas
                    if parser.failure:
                        raise parser.failure
                    if parser.finishing:
                        break
                # The answer has ended; what may be missing is the usage, and the end that lets the connection be kept.
                deadline = asyncio.get_running_loop().time() + TRAILING_S
                while parser.finishing and (trailing := await _read_until(deadline, reads)):
                    if deltas := parser.feed(trailing):
                        yield deltas
        except (httpx2.HTTPError, httpx2.StreamError, aiohttp.ClientError, OSError) as error:
            logger.info("connection to the provider lost: %s", scrubbed(repr(error)))
        if deltas := parser.end():
            yield deltas

    async def _model_rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of the provider's list of models. Raises ProviderError."""
        page = await self._plain_answer(self._client.get, path, settings.CONNECT_TIMEOUT_S)
        rows = page.get("data") if isinstance(page, dict) else None
        if not isinstance(rows, list):
            raise nonsense("no list of models")
        return [row for row in rows if isinstance(row, dict)]

    async def _plain_answer(self, send: Any, path: str, timeout_s: float, **options: Any) -> Any:
        """What a call that does not stream answers, as decoded from JSON. Raises ProviderError."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await send(path, cast_to=httpx2.Response, **options)
            return msgspec.json.decode(response.content)
        except self.sdk.APIStatusError as error:
            raise Refusal.of_response(error.status_code, error.response.headers, error.body).error(path) from None
        except (self.sdk.APIError, httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
            raise unreachable(error) from error
        except msgspec.DecodeError as error:
            raise nonsense(str(error)) from error

    @staticmethod
    def _offered(row: dict[str, Any]) -> OfferedModel | None:
        """One row; None when it has no usable name or the model is retired."""
        name, label = row.get("id"), row.get("display_name")
        if not isinstance(name, str) or not name or len(name) > 200 or row.get("lifecycle") == "retired":
            return None
        limits = [
            next((n for f in fields if (n := tokens(row.get(f)))), None) for fields in (CONTEXT_FIELDS, OUTPUT_FIELDS)
        ]
        return OfferedModel(name, label[:200] if isinstance(label, str) else "", *limits)


def http_options(base_url: str, *, unsigned: bool) -> dict[str, Any]:
    """For the SDK's HTTP client: no time limit but for connecting, no redirects, no news about this machine.

    ``unsigned``: leave out the key header, for a server that asks for none.
    """

    async def plain(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.startswith("x-stainless-")]:
            del request.headers[name]
        if unsigned:
            for name in ("authorization", "x-api-key"):
                request.headers.pop(name, None)
        request.headers["user-agent"] = "Parley"
        request.headers["accept-encoding"] = "identity"

    connect = settings.CONNECT_TIMEOUT_S
    return {
        # aiohttp's limit for a connection is the pool's here; it covers looking up the name as well
        "timeout": httpx2.Timeout(None, connect=connect, pool=connect),
        "limits": httpx2.Limits(max_connections=10_000, max_keepalive_connections=100, keepalive_expiry=30),
        "follow_redirects": False,  # a key goes to the address it was given for, nowhere else
        "trust_env": urlsplit(base_url).hostname not in LOOPBACK,  # a proxy from the environment
        "event_hooks": {"request": [plain]},
    }


def unreachable(error: BaseException) -> ProviderError:
    """No connection, or none that lasted until an answer."""
    sentence = _("The provider could not be reached.")
    return ProviderError("upstream_failed", sentence, retryable=True, detail=scrubbed(repr(_root(error))))


async def _read_until(deadline: float, reads: AsyncGenerator[bytes, None]) -> bytes:
    """The next read; nothing when the stream ends or the time is up."""
    try:
        async with asyncio.timeout_at(deadline):
            return await anext(reads, b"")
    except TimeoutError:
        return b""


def _hung_up(error: BaseException) -> bool:
    root = _root(error)
    if isinstance(root, aiohttp.ClientConnectorError):
        return False
    return isinstance(
        root, aiohttp.ServerDisconnectedError | ConnectionResetError | BrokenPipeError | aiohttp.ClientOSError
    )


def _root(error: BaseException) -> BaseException:
    """The error that all the others are about."""
    while isinstance(error.__cause__, BaseException):
        error = error.__cause__
    return error
