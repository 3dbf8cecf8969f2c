"""Signing in whoever has just chosen their password: they need not prove it again for what comes next."""

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import login
from django.http import HttpRequest

from .models import User


def sign_in(request: HttpRequest, user: User) -> None:
    login(request, user)
    record_authentication(request, user, method="password", reauthenticated=True)
