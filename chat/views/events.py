"""The event streams: the protocol's events over server-sent events, for clients that have no socket."""

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.api_keys import key_of
from accounts.models import User
from chat import answering, generating, protocol
from chat.access import Ticket
from chat.generating import Viewer
from chat.generating.cursor import Frame
from chat.protocol import Refused
from chat.storage import storage_refusal

KEEP_ALIVE_S = 15
STATUS = {
    "bad_request": HTTPStatus.BAD_REQUEST,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "model_unavailable": HTTPStatus.NOT_FOUND,
    "conflict": HTTPStatus.CONFLICT,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "context_too_long": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_generations": HTTPStatus.TOO_MANY_REQUESTS,
    "queue_full": HTTPStatus.SERVICE_UNAVAILABLE,
    "budget_exhausted": HTTPStatus.TOO_MANY_REQUESTS,
    "draining": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


class ChatRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /api/chat``: an ``ai:generate`` without its type."""

    prompt: str
    request_id: UUID | None = None
    conversation_id: UUID | None = None
    parent_id: UUID | None = None
    edits: UUID | None = None
    model: str | None = None
    allow_fallback: bool = True


def api(view: View) -> View:
    """A view for scripts and pages: it needs a sign-in, and answers what it refuses as JSON.

    In place of a form's token, which scripts do not have, a foreign page is recognised by the
    Origin that every browser sends with a POST.
    """

    @functools.wraps(view)
    async def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        try:
            origin = request.headers.get("Origin")
            if origin is not None and origin not in settings.ALLOWED_ORIGINS:
                raise Refused("forbidden", _("This request comes from another site."))
            user = await request.auser()
            if not user.is_authenticated:
                raise Refused("unauthenticated", _("Please sign in."))
            _ticket(request, user).check(asks=request.method != "GET")
            return await view(request, user, **arguments)
        except Refused as refused:
            return refusal(refused)
        except DatabaseError as error:
            return refusal(storage_refusal(error))

    return csrf_exempt(login_not_required(guarded))


def refusal(refused: Refused) -> HttpResponse:
    """An ``ai:error`` frame as the whole answer."""
    status = STATUS.get(refused.code, HTTPStatus.BAD_GATEWAY)
    response = HttpResponse(protocol.encode(refused.frame()), status=status, content_type="application/json")
    if refused.retry_after_s is not None:
        response["Retry-After"] = str(max(1, round(refused.retry_after_s)))
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


@require_POST
@api
async def chat(request: HttpRequest, user: User) -> HttpResponseBase:
    """Ask for an answer and stream it. The same ``request_id`` again streams the same answer."""
    body = protocol.decode_body(request.body, ChatRequest)
    fields = msgspec.structs.asdict(body) | {"request_id": body.request_id or uuid.uuid4()}
    frame = protocol.Generate(**fields)
    protocol.check(frame)
    viewer = _viewer(request, user)
    await answering.ask(user, frame, viewer)
    return stream(viewer)


@require_POST
@api
async def generations(request: HttpRequest, user: User) -> HttpResponseBase:
    """Ask with a frame, as a socket would (generate, regenerate or continue), and stream the answer."""
    frame = protocol.decode(request.body)
    if not isinstance(frame, protocol.Ask):
        raise Refused("bad_request", _("This asks for no answer."), field="type")
    viewer = _viewer(request, user)
    await answering.ask(user, frame, viewer)
    return stream(viewer)


@require_GET
@api
async def events(request: HttpRequest, user: User, request_id: UUID) -> HttpResponseBase:
    """The events of a generation after the cursor in ``Last-Event-ID`` or ``?after=``."""
    viewer = _viewer(request, user)
    await answering.resume(user, request_id, viewer, _cursor(request))
    return stream(viewer)


@require_POST
@api
async def cancel(request: HttpRequest, user: User, request_id: UUID) -> HttpResponseBase:
    """Stop a generation; idempotent."""
    await answering.cancel(user, request_id)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _viewer(request: HttpRequest, user: User) -> Viewer:
    viewer = Viewer(until_read=True)
    viewer.ticket = _ticket(request, user)
    generating.current().viewers.add(viewer)
    return viewer


def _ticket(request: HttpRequest, user: User) -> Ticket:
    key = key_of(request)
    return Ticket.of_key(key) if key else Ticket.of(user, request.session)


def stream(viewer: Viewer) -> StreamingHttpResponse:
    """The viewer's frames as an event stream; a client that goes away ends the viewer, not the generation."""
    response = StreamingHttpResponse(_lines(viewer), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _lines(viewer: Viewer) -> AsyncIterator[bytes]:
    await sync_to_async(close_old_connections)()  # the request's own would be held for as long as the stream lasts
    try:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    frame = await anext(viewer)
            except TimeoutError:
                yield b": still here\n\n"
            except StopAsyncIteration:
                break
            else:
                yield _event(frame)
        if viewer.close_code is None:
            yield b"data: [DONE]\n\n"
    finally:
        viewer.close()


def _event(frame: Frame) -> bytes:
    """One event; text also goes under the name ``content``, which other clients look for."""
    name = f"id: {frame.request_id}:{frame.seq}\n".encode() if frame.request_id else b""
    data = frame.json
    if frame.chunk is not None:
        data = b'%b,"content":%b}' % (data[:-1], msgspec.json.encode(frame.chunk))
    return b"%bdata: %b\n\n" % (name, data)


def _cursor(request: HttpRequest) -> int:
    """The cursor that the client names; 0 when it names none."""
    last = request.headers.get("Last-Event-ID") or request.GET.get("after") or "0"
    number = last.rpartition(":")[2]
    if not (number.isascii() and number.isdecimal() and len(number) <= 12):
        raise Refused("bad_request", _("The cursor must be a number."), field="after")
    return int(number)
