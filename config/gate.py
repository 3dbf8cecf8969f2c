"""Who may open a socket: a page of this site or a bearer of an API key, in the name of somebody; else it is 403."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.sessions import SessionMiddlewareStack
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.api_keys import admit, bearer
from accounts.key_rotation import person_of
from accounts.models import second_factor
from chat.database import in_database

App = Callable[[Any, Any, Any], Awaitable[None]]


def only_at(path: str, app: App) -> App:
    """There is one socket; any other address is refused like a stranger."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        await (app if scope["path"] == path else refuse)(scope, receive, send)

    return gate


def same_site(app: App) -> App:
    """Compare full origins. Browsers always send one; without it a cookie proves nothing, but a key does."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        named = len(origins) == 1 and origins[0].decode("latin1") in settings.ALLOWED_ORIGINS
        allowed = named or (not origins and _key_in(scope) is not None)
        await (app if allowed else refuse)(scope, receive, send)

    return gate


def recognised(app: App) -> App:
    """Sets ``scope["user"]``: the owner of the API key in the handshake, which alone decides when there is one, else
    whose session the cookie names."""

    async def with_session(scope: Any, receive: Any, send: Any) -> None:
        user = await in_database(person_of, scope["session"])
        await app(scope | {"user": user}, receive, send)

    by_cookie = SessionMiddlewareStack(with_session)

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        text = _key_in(scope)
        if text is None:
            await by_cookie(scope, receive, send)
            return
        key = await in_database(admit, text)
        known = {"user": key.user if key else AnonymousUser(), "api_key": key}
        await app(scope | known, receive, send)

    return gate


def _key_in(scope: Any) -> str | None:
    """Two of them are none that is known."""
    sent = [value.decode("latin1") for name, value in scope["headers"] if name == b"authorization"]
    keys = [text for header in sent if (text := bearer(header)) is not None]
    return keys[0] if len(keys) == 1 else ("" if keys else None)


def signed_in(app: App) -> App:
    """Needs ``scope["user"]``. Refuses before the handshake, so that nobody else holds a socket."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        await (app if await _may_enter(scope["user"]) else refuse)(scope, receive, send)

    return gate


async def _may_enter(user: Any) -> bool:
    """Somebody who is signed in, with a second factor where one is asked for."""
    return user.is_authenticated and not await in_database(second_factor.lacks_one, user)


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Closed before it was accepted: servers answer the handshake with 403."""
    await receive()
    await send({"type": "websocket.close"})
