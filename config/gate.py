"""Who may open a socket: a page of this site or a bearer of an API key, in the name of somebody; else it is 403."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from accounts.api_keys import admit, bearer
from accounts.key_rotation import person_of
from accounts.languages import preferred_language
from accounts.models import User, second_factor
from chat.access import Ticket
from chat.crowd import Crowd

App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Entrant = tuple[User, Ticket]
SignIn = tuple[Callable[[str], Entrant | None], str]


def guarded(path: str, app: App) -> App:
    """There is one socket, at this path; any other address is refused like a stranger, before the handshake, so that
    nobody else holds a socket.

    The application gets ``user``, ``ticket`` and ``language`` in its scope, and no headers: they, the cookies, the
    session and a layer for each question would be kept for as long as the socket is open.
    """

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        headers, scope["headers"] = scope["headers"], []
        entrant = None
        if scope["path"] == path and same_site(headers):
            entrant = await who.ask(_sign_in(headers))
        if entrant is None:
            await refuse(receive, send)
            return
        scope["user"], scope["ticket"] = entrant
        scope["language"] = preferred_language("".join(_sent(headers, b"accept-language")[-1:]))
        del headers
        await app(scope, receive, send)

    return gate


def same_site(headers: Headers) -> bool:
    """Compare full origins. Browsers always send one; without it a cookie proves nothing, but a key does."""
    origins = _sent(headers, b"origin")
    return origins[0] in settings.ALLOWED_ORIGINS if len(origins) == 1 else not origins and _key_in(headers) is not None


def _sign_in(headers: Headers) -> SignIn:
    """By the API key in the handshake, which alone decides when there is one, else by the session the cookie names."""
    text = _key_in(headers)
    if text is not None:
        return _by_key, text
    cookies = parse_cookie("".join(_sent(headers, b"cookie")[:1]))
    return _by_session, cookies.get(settings.SESSION_COOKIE_NAME, "")


def _entrant(sign_in: SignIn) -> Entrant | None:
    how, text = sign_in
    return how(text)


def _by_key(text: str) -> Entrant | None:
    key = admit(text)
    return None if key is None or not may_enter(key.user) else (key.user, Ticket.of_key(key))


def _by_session(session_key: str) -> Entrant | None:
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = person_of(session)
    return (user, Ticket.of(user, session)) if isinstance(user, User) and may_enter(user) else None


def may_enter(user: User) -> bool:
    """With a second factor where one is asked for. Blocking."""
    return not second_factor.lacks_one(user)


def _key_in(headers: Headers) -> str | None:
    """Two of them are none that is known."""
    keys = [text for header in _sent(headers, b"authorization") if (text := bearer(header)) is not None]
    return keys[0] if len(keys) == 1 else ("" if keys else None)


def _sent(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin1") for key, value in headers if key == name]


who: Crowd[SignIn, Entrant | None] = Crowd(_entrant)


async def refuse(receive: Any, send: Any) -> None:
    """Closed before it was accepted: servers answer the handshake with 403."""
    await receive()
    await send({"type": "websocket.close"})
