"""allauth on this site's terms: who may sign up, and who may go without a second factor."""

import logging
import time
from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config import sealing

from . import factor_secrets
from .client_address import address_of
from .guessing import Attempt, Busy, start_afresh, turn
from .models import second_factor

logger = logging.getLogger(__name__)
# Without these nothing goes on.
ASKED_FOR = {
    f"account/email/{name}"
    for name in (
        "account_already_exists",
        "email_confirmation",
        "email_confirmation_signup",
        "password_reset_key",
        "unknown_account",
    )
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Sign-up is closed, open, or open to addresses of some domains."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("The address or the password is not correct."),
        "busy": gettext_lazy("Very many people are signing in. Please try again in a minute."),
        "too_many_login_attempts": gettext_lazy("Too many failed sign-ins. Wait some minutes, then try again."),
    }

    def is_safe_url(self, url: str) -> bool:
        """Of this site, by its path alone: another port of the host, or plain HTTP, is another site."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Counted here: allauth's own count takes a lock, and refuses who waits for it when many come at once."""
        attempt = Attempt(ratelimit.get_ip(request), credentials.get("email") or "")
        if attempt.refused():
            raise self.validation_error("too_many_login_attempts")
        try:
            with turn():
                user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        except Busy as error:
            attempt.take_back()
            raise self.validation_error("busy") from error
        if user is not None:
            attempt.take_back()
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """See above."""

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        start_afresh(credentials.get("email") or "")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """One page for all when mail cannot leave: it says nothing of who has an account. What was asked for can be
        asked for again; a note about something that is done already is not worth undoing it."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # smtplib's own are among them
            logger.error("mail: %s could not be sent: %s", template_prefix, error)
            if template_prefix in ASKED_FOR:
                raise ImmediateHttpResponse(render(self.request, "account/mail_failed.html", status=503)) from error

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        """Whoever signed in a moment ago has just proved who they are."""
        request = context.request
        last = max((record["at"] for record in get_authentication_records(request, request.user)), default=0.0)
        signed_in_just_now = time.time() - last < app_settings.REAUTHENTICATION_TIMEOUT
        return bool(super().is_reauthentication_required(app=app)) and not signed_in_just_now

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP != "closed"

    def clean_email(self, email: str) -> str:
        email = super().clean_email(email)
        if not domain_may_sign_up(email):
            raise ValidationError(_("Addresses of this domain cannot sign up here."))
        return email


def domain_may_sign_up(email: str) -> bool:
    """Whether ``SIGNUP`` does not leave it to other domains."""
    if not settings.SIGNUP.startswith("domain:"):
        return True
    domains = {domain.strip() for domain in settings.SIGNUP.removeprefix("domain:").split(",")}
    return email.rpartition("@")[2].lower() in domains


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Whoever must have a second factor keeps the last one; their secrets are sealed."""

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return factor_secrets.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        if authenticator.type not in second_factor.KINDS or not second_factor.must_have_one(authenticator.user):
            return True
        others = Authenticator.objects.filter(user=authenticator.user, type__in=second_factor.KINDS)
        return bool(others.exclude(pk=authenticator.pk).exists())
