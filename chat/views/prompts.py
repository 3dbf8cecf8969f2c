"""The prompt library: what the composer's menu offers, and one's own prompts in the settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from chat.forms import PromptForm
from chat.models import PromptTemplate
from chat.models.prompt_template import MOST_OWN

OFFERED = 500


@require_GET
def offered(request: HttpRequest) -> HttpResponse:
    """All that the person can use, as the composer's menu wants it."""
    assert isinstance(request.user, User)
    found = PromptTemplate.objects.visible_to(request.user)[:OFFERED]
    return JsonResponse({"prompts": [{"name": prompt.name, "text": prompt.text} for prompt in found]})


def prompts(request: HttpRequest) -> HttpResponse:
    """One's own, and a form for another one."""
    assert isinstance(request.user, User)
    mine = PromptTemplate.objects.owned_by(request.user)
    form = PromptForm(request.POST or None, user=request.user)
    if form.is_valid():
        if mine.count() < MOST_OWN:
            form.save()
            messages.success(request, _("Saved."))
            return redirect("settings_prompts")
        form.add_error(None, _("You have as many prompts as anybody can have."))
    context = {"prompts": mine, "form": form}
    return render(request, "settings/prompts.html", context, status=422 if form.is_bound else 200)


def prompt(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own."""
    assert isinstance(request.user, User)
    one = get_object_or_404(PromptTemplate.objects.owned_by(request.user), pk=pk)
    form = PromptForm(request.POST or None, instance=one, user=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("settings_prompts")
    return render(request, "settings/prompt.html", {"prompt": one, "form": form}, status=422 if form.is_bound else 200)


@require_POST
def deletion(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    get_object_or_404(PromptTemplate.objects.owned_by(request.user), pk=pk).delete()
    return redirect("settings_prompts")
