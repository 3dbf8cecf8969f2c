"""What every page of a person needs: their time zone and language, and that no cache keeps it."""

from collections.abc import Awaitable, Callable

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.decorators import async_only_middleware

from .client_address import client_address

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
        try:
            known = get_adapter().get_client_ip(request) or ""
        except (ImproperlyConfigured, PermissionDenied):  # a proxy that does not say, or not an address
            known = ""
        reset = client_address.set(known)
        try:
            return await get_response(request)
        finally:
            client_address.reset(reset)

    return middleware
