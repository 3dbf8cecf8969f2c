"""A person's own settings."""

from zoneinfo import available_timezones

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import hints
from accounts.forms import ProfileForm
from accounts.models import User


def profile(request: HttpRequest) -> HttpResponse:
    # A copy: what was typed wrongly must not show as the name in the page's header.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if form.is_valid():
        form.save()
        hints.tell_budget_changed([form.instance.pk])  # another zone may be another end of the day
        messages.success(request, _("Saved."))
        return redirect("settings")
    context = {"form": form, "time_zones": sorted(available_timezones())}
    return render(request, "account/profile.html", context, status=422 if form.is_bound else 200)


@require_POST
def time_zone(request: HttpRequest) -> HttpResponse:
    """The browser says where it is. 204 also when a time zone is known already; 400 when there is no such zone."""
    assert isinstance(request.user, User)
    try:
        request.user.settle_in(request.POST.get("time_zone", ""))
    except ValidationError as error:
        return HttpResponse(error.messages[0], content_type="text/plain", status=400)
    return HttpResponse(status=204)
