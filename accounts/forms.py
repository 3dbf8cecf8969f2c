"""What a person types about their account."""

import datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .models import ApiKey, BudgetRequest, User


class NewAdminForm(forms.Form):
    """The address and password of an admin to be created; the same rules on a page and on the command line."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters, and not one that is easy to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email=email).exists():
            raise ValidationError(_("There is an account with this e-mail address."), code="taken")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            validate_password(cleaned.get("password", ""), User(email=cleaned.get("email", "")))
        except ValidationError as error:
            if "password" in cleaned:
                self.add_error("password", error)
        return cleaned


class AcceptanceForm(forms.Form):
    """What an invited person chooses; the address is the invitation's."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        help_text=_("At least 8 characters, and not one that is easy to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """``time_zone`` is typed or picked from a list that narrows as one types: case and spaces do not matter."""

    time_zone = forms.CharField(
        label=_("Time zone"),
        help_text=_("Your daily token budget starts again at midnight here."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = User
        fields: ClassVar = ["name", "time_zone"]
        widgets: ClassVar = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_time_zone(self) -> str:
        typed: str = self.cleaned_data["time_zone"].strip().replace(" ", "_")
        return {name.lower(): name for name in available_timezones()}.get(typed.lower(), typed)


class AppearanceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """What is left empty follows the browser and the system."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", _("As the browser says")), *settings.LANGUAGES]
    )
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[("", _("As the system has it")), *User.Theme.choices],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = User
        fields: ClassVar = ["theme", "language"]


class BudgetRequestForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BudgetRequest
        fields: ClassVar = ["reason"]
        labels: ClassVar = {"reason": _("What do you need more tokens for?")}


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """``days`` until it ends by itself; empty: never."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What it is for, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=_("It ends"),
        coerce=int,
        empty_value=None,
        required=False,
        initial=90,
        choices=[(30, _("after 30 days")), (90, _("after 90 days")), (365, _("after a year")), ("", _("never"))],
    )

    class Meta:
        model = ApiKey
        fields: ClassVar = ["name", "scope"]
        widgets: ClassVar = {"scope": forms.RadioSelect}

    def issue(self, user: User) -> tuple[ApiKey, str]:
        """Make the key; its text is shown once."""
        days = self.cleaned_data["days"]
        expires_at = timezone.now() + datetime.timedelta(days=days) if days else None
        return ApiKey.objects.issue(user, self.cleaned_data["name"], self.cleaned_data["scope"], expires_at)
