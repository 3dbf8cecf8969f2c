"""What may be asked at all: other methods, and questions that no database can answer, go no further."""

from collections.abc import Awaitable, Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

ADMIN = "/admin/"
# TRACE has the trust that Django gives to methods which change nothing, and many views answer it like GET.
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@async_only_middleware
def sound_requests(get_response: Next) -> Next:
    """A NUL is in nobody's words. Our own pages look past it, forms refuse it; but the admin's filters hand it on to
    the database, and PostgreSQL fails on it."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if request.path.startswith(ADMIN) and "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("a NUL in what is asked")
        return await get_response(request)

    return middleware
