"""The page that says what a person has used."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import User
from chat.usage import RANGES, Usage


@require_GET
def usage(request: HttpRequest) -> HttpResponse:
    """``days``: 7, 30 or 90; anything else is 30."""
    assert isinstance(request.user, User)
    asked = request.GET.get("days", "")
    days = next((days for days in RANGES if str(days) == asked), 30)
    context = {"usage": Usage.of(request.user, days), "days": days, "ranges": RANGES}
    return render(request, "settings/usage.html", context)
