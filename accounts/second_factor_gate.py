"""The gate for those who must have a second factor and have none: only setting one up is open to them."""

from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import async_only_middleware
from django.utils.translation import gettext as _

from .models import second_factor

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# What leads to a second factor, or away from here. The reauthentication asks for the password before.
OPEN = (
    "/accounts/2fa/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
    "/accounts/confirm-email/",
    "/accounts/email/",
    "/settings/security/",
    "/settings/theme/",
    "/settings/time-zone/",
    "/healthz",
    "/readyz",
    "/manifest.webmanifest",
)
FOR_SCRIPTS = ("/api/", "/v1/")


@async_only_middleware
def second_factor_gate(get_response: Next) -> Next:
    """Pages lead to the set-up; scripts are told so."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        user = await request.auser()
        if not user.is_authenticated or request.path.startswith(OPEN):
            return await get_response(request)
        if not await sync_to_async(second_factor.lacks_one)(user):
            return await get_response(request)
        if request.path.startswith(FOR_SCRIPTS):
            words = _("Set up a second factor first: sign in with a browser.")
            error = {"type": "ai:error", "code": "forbidden", "message": words, "retryable": False}
            return JsonResponse(error, status=403)
        return redirect("settings_security")

    return middleware
