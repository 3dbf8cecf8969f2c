"""Who has read one's conversations."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import User

SHOWN = 100


@require_GET
def readings(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    mine = request.user.readings.select_related("conversation")[:SHOWN]
    return render(request, "settings/readings.html", {"readings": mine})
