"""The page behind an invitation: somebody chooses a name and a password, and is in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.forms import AcceptanceForm
from accounts.models import Invitation
from accounts.signing_in import sign_in


@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = Invitation.objects.with_token(token)
    if found is None:
        return _spent(request)
    form = AcceptanceForm(request.POST if request.method == "POST" else None, email=found.email)
    if not form.is_valid():
        context = {"form": form, "invitation": found}
        return render(request, "account/invitation.html", context, status=422 if form.is_bound else 200)
    user = Invitation.objects.accept(token, **form.cleaned_data)
    if user is None:
        return _spent(request)
    sign_in(request, user)
    return redirect("home")


def _spent(request: HttpRequest) -> HttpResponse:
    return render(request, "account/invitation_spent.html", status=404)
