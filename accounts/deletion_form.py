"""Asks who wants to delete their account to prove that they are themselves."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import User
from .rate_limits import limiter

ATTEMPTS, WINDOW_S = 5, 300


class DeletionForm(forms.Form):
    """The password; for somebody who has none, the e-mail address."""

    proof = forms.CharField(strip=False, max_length=1000)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["proof"]
        if user.has_usable_password():
            field.label = _("Your password")
            field.widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        else:
            field.label = _("Your e-mail address")
            field.widget = forms.EmailInput(attrs={"autocomplete": "off"})

    def clean_proof(self) -> str:
        typed: str = self.cleaned_data["proof"]
        if limiter.hit(f"deletion:{self.user.pk}", ATTEMPTS, WINDOW_S):
            raise ValidationError(_("Too many attempts. Wait some minutes, then try again."), code="rate_limited")
        if self.user.has_usable_password():
            right = self.user.check_password(typed)
        else:
            right = typed.strip().lower() == self.user.email
        if not right:
            raise ValidationError(_("This is not correct."), code="wrong")
        return typed
