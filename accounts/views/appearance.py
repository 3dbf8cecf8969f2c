"""How the pages look and which language they speak."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms import AppearanceForm
from accounts.models import User


def appearance(request: HttpRequest) -> HttpResponse:
    form = AppearanceForm(
        request.POST if request.method == "POST" else None, instance=User.objects.get(pk=request.user.pk)
    )
    if form.is_valid():
        user = form.save()
        with translation.override(user.language or translation.get_language_from_request(request)):
            messages.success(request, _("Saved."))
        return redirect("settings_appearance")
    return render(request, "settings/appearance.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The theme alone, as the chat's button sets it: light, dark, or empty for the system's. 204; 400 for others."""
    chosen = request.POST.get("theme", "")
    if chosen not in ("", *User.Theme.values):
        return HttpResponse(_("There is no such theme."), content_type="text/plain", status=400)
    User.objects.filter(pk=request.user.pk).update(theme=chosen)
    return HttpResponse(status=204)
