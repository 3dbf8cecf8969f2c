"""Calls over HTTP through a provider's SDK: its auth, typed errors and pooled connections, none of its models.

The SDK hands over the undecoded response; a parser makes one pass over each network read. A typed SDK
stream costs 68 µs a token, this about one.
"""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import httpx2
import msgspec
from django.conf import settings
from django.utils.translation import gettext as _

from . import OfferedModel, Prompt, ProviderError
from .parsing import StreamParser, nonsense, tokens
from .refusals import Refusal, scrubbed
from .stream import HttpStream
from .transport import transport_to

logger = logging.getLogger(__name__)

MAX_LESSONS = 4
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

    @abstractmethod
    def _call(self, prompt: Prompt) -> Call:
        """The request for this prompt, worded as has been learned so far."""

    @abstractmethod
    def _lesson(self, call: Call, refusal: Refusal) -> str | None:
        """What to do differently with this model after that refusal of this call; None: nothing would help."""

    @abstractmethod
    async def offered_models(self) -> list[OfferedModel]: ...

    @contextlib.asynccontextmanager
    async def stream(self, prompt: Prompt) -> AsyncIterator[HttpStream]:
        """See ``Provider.stream``. The Finish is the last delta; reading past it keeps the connection for reuse."""
        response, parser = await self._open(prompt)
        async with contextlib.aclosing(HttpStream(response, parser)) as stream:
            yield stream

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
        try:
            response: httpx2.Response = await self._client.post(
                call.path, cast_to=httpx2.Response, body=call.body, stream=True, stream_cls=self.sdk.AsyncStream
            )
        except self.sdk.APIConnectionError as error:
            raise unreachable(error) from error
        except (httpx2.HTTPError, OSError) as error:
            raise unreachable(error) from error  # what an SDK leaves unwrapped
        content_type = response.headers.get("content-type", "")
        if "html" in content_type or "json" in content_type:
            await response.aclose()
            raise nonsense(f"{content_type} instead of a stream")
        return response

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
        except (self.sdk.APIError, httpx2.HTTPError, OSError) as error:
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


def http_client(base_url: str, *, unsigned: bool) -> httpx2.AsyncClient:
    """For an SDK: no time limit but for connecting, no redirects, no news about this machine.

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
    return httpx2.AsyncClient(
        transport=transport_to(base_url),
        timeout=httpx2.Timeout(None, connect=connect, pool=connect),
        follow_redirects=False,  # a key goes to the address it was given for, nowhere else
        event_hooks={"request": [plain]},
    )


def unreachable(error: BaseException) -> ProviderError:
    """No connection, or none that lasted until an answer."""
    sentence = _("The provider could not be reached.")
    return ProviderError("upstream_failed", sentence, retryable=True, detail=scrubbed(repr(_root(error))))


def _root(error: BaseException) -> BaseException:
    """The error that all the others are about."""
    while isinstance(error.__cause__, BaseException):
        error = error.__cause__
    return error
