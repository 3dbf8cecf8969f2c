"""What a person wants of every answer: the model that gives it, and what it should know."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from chat.forms import AnswersForm


def answers(request: HttpRequest) -> HttpResponse:
    form = AnswersForm(request.POST if request.method == "POST" else None, instance=_fresh(request))
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("settings_answers")
    return render(request, "settings/answers.html", {"form": form}, status=422 if form.is_bound else 200)


def _fresh(request: HttpRequest) -> User:
    """A copy: what was typed wrongly must not show elsewhere on the page."""
    found: User = User.objects.get(pk=request.user.pk)
    return found
