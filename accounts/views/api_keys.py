"""A person's API keys: which there are, a new one, and an end to one."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import ApiKeyForm
from accounts.models import ApiKey, User


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth ships no types
def api_keys(request: HttpRequest) -> HttpResponse:
    """The text of a new key is in the answer to its making, and nowhere else ever again."""
    user = _user(request)
    form = ApiKeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and ApiKey.objects.full_for(user):
        form.add_error(None, _("You have too many keys. Revoke one that you do not use."))
    made, text = form.issue(user) if form.is_valid() else (None, "")
    context = {
        "form": ApiKeyForm() if made else form,
        "keys": ApiKey.objects.visible_to(user),
        "made": made,
        "text": text,
    }
    refused = form.is_bound and made is None
    return render(request, "settings/keys.html", context, status=422 if refused else 201 if made else 200)


@require_POST
def revocation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a key; connections that are open with it close at once."""
    key = get_object_or_404(ApiKey.objects.visible_to(_user(request)), pk=pk)
    key.revoke()
    messages.success(request, _("The key “%s” is revoked.") % key.name)
    return redirect("settings_keys")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
