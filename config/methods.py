"""What may be asked of an address at all: other methods go no further, whatever a view would make of them."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# TRACE has the trust that Django gives to methods which change nothing, and many views answer it like GET.
KNOWN = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@async_only_middleware
def methods(get_response: Next) -> Next:
    async def middleware(request: HttpRequest) -> HttpResponseBase:
        return await get_response(request) if request.method in KNOWN else HttpResponseNotAllowed(KNOWN)

    return middleware
