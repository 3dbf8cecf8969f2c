"""What is being generated now: who, with which model, how fast; to be stopped, or paused for everybody."""

from uuid import UUID

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.hints import tell_site_news
from accounts.models import AuditEntry, User
from chat import answering
from chat.models import Generation, Pause
from chat.running import Running
from config.admin_pages import admin_page, render_page

WATCH, STOP = "chat.view_generation", "chat.change_generation"


class PauseForm(forms.Form):
    sentence = forms.CharField(
        label=gettext_lazy("What people are told"),
        max_length=500,
        initial=gettext_lazy("New answers are paused for a moment. Running ones go on."),
    )


@admin_page("live/", "live", title=gettext_lazy("Live"), permission=WATCH)
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The page, or with ``?part`` the part of it that changes."""
    context = {
        "running": Running.now(),
        "may_stop": request.user.has_perm(STOP),
        "pause": Pause.objects.current(),
        "form": PauseForm(),
    }
    if "part" in request.GET:
        return render(request, "admin/_live.html", context)
    return render_page(request, "admin/live.html", _("Live"), context)


@admin_page("live/stop/", "live_stop", permission=STOP)
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """``generation``: its key, or ``all``."""
    active = Generation.objects.active()
    if (asked := request.POST.get("generation", "")) != "all":
        key = _key(asked)
        active = active.filter(pk=key) if key else active.none()
    stopped = list(active.select_related("user"))
    for generation in stopped:
        async_to_sync(answering.stop)(generation.pk)
        AuditEntry.objects.record(request.user, "generation.stopped", generation.user, note=generation.model)
    messages.success(request, _("Stopped: %(count)d.") % {"count": len(stopped)})
    return redirect("admin:live")


@admin_page("live/pause/", "live_pause", permission=STOP)
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Begin one with a ``sentence``, or end the one there is."""
    assert isinstance(request.user, User)
    form = PauseForm(request.POST)
    if "end" in request.POST:
        Pause.objects.end(by=request.user)
    elif form.is_valid():
        Pause.objects.begin(form.cleaned_data["sentence"], by=request.user)
    else:
        messages.error(request, _("Say in a sentence why."))
    tell_site_news()
    return redirect("admin:live")


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
