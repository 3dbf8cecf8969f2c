"""What every page of a person needs: their time zone and language, that no cache keeps it, and when it was."""

from collections.abc import Awaitable, Callable

from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.usersessions.models import UserSession
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.decorators import async_only_middleware

from .api_keys import key_of
from .client_address import address_of, client_address
from .digests import digest
from .models import User

SEEN_EVERY_S = 60
Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@async_only_middleware
def time_zone(get_response: Next) -> Next:
    """Show times in the zone of whoever is signed in."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        user = await request.auser()
        with timezone.override(user.zone if user.is_authenticated else None):
            return await get_response(request)

    return middleware


@async_only_middleware
def language(get_response: Next) -> Next:
    """Speak the language that whoever is signed in has chosen; else it stays the browser's."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        user = await request.auser()
        if not (user.is_authenticated and user.language):
            return await get_response(request)
        request.LANGUAGE_CODE = user.language
        with translation.override(user.language):
            response = await get_response(request)
        response.headers["Content-Language"] = user.language
        return response

    return middleware


@async_only_middleware
def nothing_stored(get_response: Next) -> Next:
    """Pages belong to one person: neither proxies nor the browser's back button keep them after sign-out."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


@async_only_middleware
def address(get_response: Next) -> Next:
    """Remember where the request comes from, for what is recorded on the way."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        reset = client_address.set(address_of(request))
        try:
            return await get_response(request)
        finally:
            client_address.reset(reset)

    return middleware


@async_only_middleware
def last_seen(get_response: Next) -> Next:
    """Note for the list of sessions that this one is in use: once a minute, which is as exact as anybody needs it."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        user = await request.auser()
        key = request.session.session_key if user.is_authenticated and key_of(request) is None else None
        if key and await cache.aadd(f"seen:{digest(key)}", True, SEEN_EVERY_S):
            await sync_to_async(_note_session)(request, user, key)
        return await get_response(request)

    return middleware


def _note_session(request: HttpRequest, user: User | AnonymousUser, key: str) -> None:
    agent = request.headers.get("User-Agent", "")[:HTTP_USER_AGENT_MAX_LENGTH]
    seen = {"user": user, "ip": address_of(request), "user_agent": agent, "last_seen_at": timezone.now()}
    if not UserSession.objects.filter(session_key=key).update(**seen):
        UserSession.objects.bulk_create([UserSession(session_key=key, **seen)], ignore_conflicts=True)
