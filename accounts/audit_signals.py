"""What the libraries tell about sign-ins, written into the audit log: they have only signals for it."""

from typing import Any

from allauth.account import signals as account
from django.apps import apps
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from .models import AuditEntry, User


def connect() -> None:
    auth.user_logged_in.connect(_signed_in)
    auth.user_logged_out.connect(_signed_out)
    auth.user_login_failed.connect(_failed)
    for signal, action in (
        (account.password_set, "password.set"),
        (account.password_changed, "password.changed"),
        (account.password_reset, "password.reset"),
    ):
        signal.connect(_about_oneself(action), weak=False)
    account.email_changed.connect(_email_changed)
    if apps.is_installed("allauth.mfa"):
        _connect_second_factor()


def _connect_second_factor() -> None:
    from allauth.mfa import signals as mfa

    for signal, action in (
        (mfa.authenticator_added, "added"),
        (mfa.authenticator_removed, "removed"),
        (mfa.authentication_failed, "failed"),
    ):
        signal.connect(_second_factor(action), weak=False)


def _signed_in(sender: object, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    AuditEntry.objects.record(user, "sign_in", user)


def _signed_out(sender: object, user: User | None, request: HttpRequest | None = None, **kwargs: Any) -> None:
    if user is not None:
        AuditEntry.objects.record(user, "sign_out", user if user.pk else None)


def _failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    claimed = str(credentials.get("email") or credentials.get("username") or "")
    AuditEntry.objects.record(None, "sign_in.failed", after={"address": claimed})


def _about_oneself(action: str) -> Any:
    def receiver(sender: object, user: User, **kwargs: Any) -> None:
        AuditEntry.objects.record(user, action, user)

    return receiver


def _email_changed(
    sender: object, user: User, from_email_address: object, to_email_address: object, **kwargs: Any
) -> None:
    AuditEntry.objects.record(
        user, "email.changed", user, before={"email": from_email_address}, after={"email": to_email_address}
    )


def _second_factor(action: str) -> Any:
    def receiver(sender: object, user: User, authenticator: Any, **kwargs: Any) -> None:
        AuditEntry.objects.record(user, f"second_factor.{action}", user, after={"type": authenticator.type})

    return receiver
