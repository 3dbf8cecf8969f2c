"""The page behind the one-time link: whoever runs the site becomes its first admin."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.forms import NewAdminForm
from accounts.models import SetupLink
from accounts.signing_in import sign_in


@login_not_required
def setup(request: HttpRequest, token: str) -> HttpResponse:
    if not SetupLink.objects.alive(token):
        return _spent(request)
    form = NewAdminForm(request.POST or None)
    if not form.is_valid():
        return render(request, "account/setup.html", {"form": form})
    admin = SetupLink.objects.use(token, **form.cleaned_data)
    if admin is None:
        return _spent(request)
    sign_in(request, admin)
    return redirect("/")


def _spent(request: HttpRequest) -> HttpResponse:
    return render(request, "account/setup_spent.html", status=404)
