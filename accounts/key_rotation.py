"""While the secret key is rotated: who signed in under an earlier one stays signed in, in all tabs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.decorators import async_only_middleware

from config.statements import Select, argument

from .models import User

ACTIVE = Select(lambda: User.objects.filter(pk=argument("pk", User), is_active=True))
Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def person_of(session: Mapping[str, Any] | SessionBase) -> User | AnonymousUser:
    """Whom a session belongs to, under the present secret key or an earlier one; it is left as it is. Blocking.

    Channels knows the present key only, and would end the session of whoever comes with another.
    """
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return AnonymousUser()
    try:
        user = ACTIVE.first(pk=session.get(SESSION_KEY))
    except ValidationError:
        user = None
    return user if user is not None and signed_by(user, session.get(HASH_SESSION_KEY, "")) else AnonymousUser()


def signed_by(user: User, session_hash: str) -> bool:
    """Whether this is the hash of the person's password, under any of the keys."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(session_hash, each) for each in hashes)


@async_only_middleware
def key_rotation(get_response: Next) -> Next:
    """Bring a session to the present key before Django does: it would begin a new one, and with the old one the
    sockets of other tabs would end. Only while there are earlier keys."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SECRET_KEY_FALLBACKS:
            await sync_to_async(_bring_up_to_date)(request.session)
        return await get_response(request)

    return middleware


def _bring_up_to_date(session: SessionBase) -> None:
    user = person_of(session) if SESSION_KEY in session else None
    if isinstance(user, User) and session[HASH_SESSION_KEY] != user.get_session_auth_hash():
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
