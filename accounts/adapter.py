"""Who may sign up, as ``SIGNUP`` says."""

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Sign-up is closed, open, or open to addresses of some domains."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("The address or the password is not correct."),
        "too_many_login_attempts": gettext_lazy("Too many failed sign-ins. Wait some minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP != "closed"

    def clean_email(self, email: str) -> str:
        email = super().clean_email(email)
        if settings.SIGNUP.startswith("domain:"):
            domains = {domain.strip() for domain in settings.SIGNUP.removeprefix("domain:").split(",")}
            if email.rpartition("@")[2].lower() not in domains:
                raise ValidationError(_("Addresses of this domain cannot sign up here."))
        return email
