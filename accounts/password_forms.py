"""A new password, and what becomes of the API keys that were made while the old one was known."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm
from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from .models import ApiKey, User


class WithKeys(forms.Form):
    """Whoever had the old password may have made a key with it: keys end, unless their owner wants to keep them."""

    user: User | None

    keep_keys = forms.BooleanField(
        label=_("Keep my API keys"),
        required=False,
        help_text=_("Otherwise they end now. Let them end if somebody else may have known your password."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.user is None or not ApiKey.objects.visible_to(self.user).exists():
            del self.fields["keep_keys"]
        else:
            self.order_fields(["oldpassword", "password1", "password2", "keep_keys"])

    @transaction.atomic
    def save(self) -> None:
        super().save()  # type: ignore[misc]  # of the form beside it
        if self.user is not None and not self.cleaned_data.get("keep_keys"):
            ApiKey.objects.end_all(self.user)


class ChangePassword(WithKeys, ChangePasswordForm):  # type: ignore[misc]  # allauth ships no types
    """Of somebody who is signed in."""


class ResetPassword(WithKeys, ResetPasswordKeyForm):  # type: ignore[misc]
    """Of somebody who came with a link from their mail."""
