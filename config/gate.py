"""Who may open a socket: a page of this site, in the name of somebody signed in; anybody else gets 403."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

App = Callable[[Any, Any, Any], Awaitable[None]]


def only_at(path: str, app: App) -> App:
    """There is one socket; any other address is refused like a stranger."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        await (app if scope["path"] == path else refuse)(scope, receive, send)

    return gate


def same_site(app: App) -> App:
    """Compare full origins. Browsers always send one; without it a cookie proves nothing."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        allowed = len(origins) == 1 and origins[0].decode("latin1") in settings.ALLOWED_ORIGINS
        await (app if allowed else refuse)(scope, receive, send)

    return gate


def signed_in(app: App) -> App:
    """Needs ``scope["user"]``. Refuses before the handshake, so that nobody else holds a socket."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        await (app if scope["user"].is_authenticated else refuse)(scope, receive, send)

    return gate


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Closed before it was accepted: servers answer the handshake with 403."""
    await receive()
    await send({"type": "websocket.close"})
