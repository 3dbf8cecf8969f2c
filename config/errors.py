"""What a person or a script is told when nothing else could be: no page, no right to it, no sense in it, no luck."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from chat import protocol
from chat.protocol import ErrorCode, Refused

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FOR_SCRIPTS = ("/api/", "/v1/")


@dataclass(frozen=True)
class Failure:
    status: int
    code: ErrorCode
    title: "_StrPromise"
    sentence: "_StrPromise"


BAD_REQUEST = Failure(
    400, "bad_request", _("This does not make sense"), _("The server could not understand what was asked.")
)
FORBIDDEN = Failure(403, "forbidden", _("Not for you"), _("You may not open this page."))
FOREIGN_FORM = Failure(
    403,
    "forbidden",
    _("The form could not be checked"),
    _("It may have been open for too long, or cookies are switched off. Go back, reload the page and try again."),
)
NOT_FOUND = Failure(404, "not_found", _("Nothing here"), _("There is no such page, or it is not yours to see."))
INTERNAL = Failure(
    500, "internal", _("Something went wrong"), _("The failure is on the server's side and has been noted there.")
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, FORBIDDEN)


def foreign_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token, or from the page of another site."""
    return answer(request, FOREIGN_FORM)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NOT_FOUND)


def internal(request: HttpRequest) -> HttpResponse:
    return answer(request, INTERNAL)


def answer(request: HttpRequest, failure: Failure) -> HttpResponse:
    """JSON for scripts; for people a page that needs neither the database nor a script, whatever has failed."""
    if request.path.startswith(FOR_SCRIPTS):
        refused = Refused(failure.code, str(failure.sentence), retryable=failure.status == INTERNAL.status)
        return HttpResponse(protocol.encode(refused.frame()), status=failure.status, content_type="application/json")
    context = {
        "failure": failure,
        "SITE_NAME": settings.SITE_NAME,
        "LANGUAGE_CODE": get_language(),
        "user": getattr(request, "_acached_user", None),  # whoever has been recognised before it failed
    }
    return HttpResponse(render_to_string("error.html", context), status=failure.status)
