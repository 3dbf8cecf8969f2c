"""The code of a second factor, asked for at sign-in and later again: it works once, however long it is valid."""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q


class OneTimeCode(forms.Form):
    """allauth remembers a code of an app for one of its steps of half a minute, in a cache, and takes it for three.
    RFC 6238 (5.2) asks for once: so the step is kept beside the secret, and none that is not later counts."""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        app = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()  # type: ignore[attr-defined]
        step = _step(app, code) if app else None
        if app is None or step is None:
            return super().clean_code()  # type: ignore[misc, no-any-return]  # of the form beside it
        if step <= app.data.get("used", 0):
            check_rate_limit(self.user)  # type: ignore[attr-defined]
            raise self._incorrect()
        super().clean_code()  # type: ignore[misc]
        if not _take(app, step):
            raise self._incorrect()
        return code

    @staticmethod
    def _incorrect() -> ValidationError:
        refused: ValidationError = get_adapter().validation_error("incorrect_code")
        return refused


class SignInCode(OneTimeCode, AuthenticateForm):  # type: ignore[misc]  # allauth ships no types
    """After the password."""


class ConfirmationCode(OneTimeCode, ReauthenticateForm):  # type: ignore[misc]
    """Before what is sensitive."""


def _step(app: Authenticator, code: str) -> int | None:
    """The step of time that an app shows this code at, if it is about now."""
    secret = decrypt(app.data["secret"])
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


def _take(app: Authenticator, step: int) -> bool:
    """Use it up. False when somebody else was first."""
    earlier = Q(data__used__isnull=True) | Q(data__used__lt=step)
    return bool(Authenticator.objects.filter(earlier, pk=app.pk).update(data=app.data | {"used": step}))
