"""Who comes with a personal API key instead of a cookie: the one place that reads ``Authorization``."""

from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

from .models import ApiKey

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

FOR_KEYS = ("/api/", "/v1/")  # no other address looks at keys: the pages and the admin are for people


def bearer(authorization: str) -> str | None:
    """What follows ``Bearer``; None for no header and for one of another kind, as proxies may send."""
    kind, _space, text = authorization.strip().partition(" ")
    return text.strip() if kind.lower() == "bearer" else None


def admit(text: str) -> ApiKey | None:
    """The living key with this text, which is noted as used. Blocking."""
    key = ApiKey.objects.recognise(text)
    if key is not None:
        key.touch()
    return key


def key_of(request: HttpRequest) -> ApiKey | None:
    """The key that a request came in with; None for one with a cookie."""
    found: ApiKey | None = getattr(request, "api_key", None)
    return found


@async_only_middleware
def api_keys(get_response: Next) -> Next:
    """Whoever brings a key is its owner or nobody: a cookie beside it does not count."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        text = bearer(request.headers.get("Authorization", ""))
        if text is not None and request.path.startswith(FOR_KEYS):
            key = await sync_to_async(admit)(text)
            _sign_in(request, key)
        return await get_response(request)

    return middleware


def _sign_in(request: HttpRequest, key: ApiKey | None) -> None:
    user = key.user if key else AnonymousUser()

    async def auser() -> object:
        return user

    request.user = user
    request.auser = auser  # type: ignore[assignment]
    request.api_key = key  # type: ignore[attr-defined]
