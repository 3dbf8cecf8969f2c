"""Telling the moderators of a message that one can read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.rate_limits import limiter
from chat.forms import ReportForm
from chat.models import Message, Report

MOST, WINDOW_S = 30, 3600


@require_POST
def report(request: HttpRequest, pk: str) -> HttpResponse:
    assert isinstance(request.user, User)
    message = get_object_or_404(Message.objects.readable_by(request.user).select_related("conversation__owner"), pk=pk)
    form = ReportForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_("Please choose a reason."), status=422, content_type="text/plain; charset=utf-8")
    if limiter.hit(f"reports:{request.user.pk}", MOST, WINDOW_S):
        sentence = _("You have reported a lot within an hour. Please try again later.")
        return HttpResponse(sentence, status=429, content_type="text/plain; charset=utf-8")
    Report.objects.report(message, form.cleaned_data["reason"], form.cleaned_data["text"], by=request.user)
    return HttpResponse(status=204)
