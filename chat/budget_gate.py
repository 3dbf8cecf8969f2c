"""The gate for those whose tokens are used up: what would generate goes no further, over HTTP and over sockets.

The ledger is the truth: nobody is refused here whom it would serve, and whom this lets pass it still refuses.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import async_only_middleware

from accounts import budgets
from accounts.models import User

from . import asking, protocol, refusals
from .database import in_database
from .protocol import Refused

App = Callable[[Any, Any, Any], Awaitable[None]]
Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

GENERATING = frozenset({"/api/chat", "/v1/chat/completions"})
ASKS = ("ai:generate", "ai:regenerate", "ai:continue")
TOLD = ('{"type":"budget"', '{"type":"session"')


def refusal(user: User, request: Callable[[], str | bytes]) -> Refused | None:
    """Why this request would be in vain; None when there are tokens left, or when it repeats an earlier one.

    Blocking: two queries, one more for somebody whose budget is exhausted.
    """
    status = budgets.status(user)
    if not status.exhausted:
        return None
    request_id = protocol.request_id_of(request())
    if request_id is not None and asking.find(user, request_id) is not None:
        return None
    refused = refusals.budget_refusal(status)
    refused.request_id = request_id
    return refused


@async_only_middleware
def budget_gate(get_response: Next) -> Next:
    """Answers 429 with Retry-After: a page to who asks for one, else JSON."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST" or request.path not in GENERATING:
            return await get_response(request)
        user = await request.auser()
        refused = await in_database(refusal, user, lambda: request.body) if user.is_authenticated else None
        return await get_response(request) if refused is None else await in_database(_response, request, refused)

    return middleware


def _response(request: HttpRequest, refused: Refused) -> HttpResponseBase:
    from .views.events import refusal as as_json

    response = as_json(refused)
    if request.get_preferred_type(["application/json", "text/html"]) != "text/html":
        return response
    context = {"sentence": refused.message}
    page = render(request, "account/budget_exhausted.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    page["Retry-After"] = response["Retry-After"]
    return page


def budgeted(app: App) -> App:
    """Answers the frames of somebody whose budget is exhausted that ask for an answer, before any work.

    What the socket was last told of its budget says whether to look: nobody else pays for a query, and no frame
    is decoded. A frame that hides its type passes, and meets the ledger.
    """

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        socket = BudgetedSocket(receive, send, scope["user"])
        await app(scope, socket.receive, socket.send)

    return gate


class BudgetedSocket:
    """One socket's frames, without those that would be in vain."""

    __slots__ = ("_exhausted", "_receive", "_send", "_user")

    def __init__(self, receive: Any, send: Any, user: User) -> None:
        self._receive = receive
        self._send = send
        self._user = user
        self._exhausted = False

    async def send(self, message: dict[str, Any]) -> None:
        text = message.get("text") or ""
        if text.startswith(TOLD):
            self._exhausted = '"remaining":0,' in text
        await self._send(message)

    async def receive(self) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self._receive()
            text = message.get("text") or ""
            if not self._exhausted or not any(ask in text for ask in ASKS):
                return message
            refused = await in_database(refusal, self._user, partial(str, text))
            if refused is None:
                return message
            await self._send({"type": "websocket.send", "text": protocol.encode(refused.frame()).decode()})
