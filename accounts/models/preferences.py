"""How a person wants the product to be: language, look, model, and what models are to know about them."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.statements import Select, argument

MAX_INSTRUCTIONS = 4000


def validate_language(code: str) -> None:
    if code not in dict(settings.LANGUAGES):
        raise ValidationError(_("There is no language “%(code)s” here."), params={"code": code}, code="language")


class Preferences(models.Model):
    """Columns of the user. Each is empty until chosen: the browser's language, the system's theme, the site's model."""

    class Theme(models.TextChoices):
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    language = models.CharField(_("language"), max_length=16, blank=True, validators=[validate_language])
    theme = models.CharField(_("theme"), max_length=5, blank=True, choices=Theme)
    default_model = models.CharField(_("default model"), max_length=200, blank=True)
    custom_instructions = models.TextField(_("custom instructions"), max_length=MAX_INSTRUCTIONS, blank=True)

    class Meta:
        abstract = True

    def refresh_preferences(self, *, lock: bool = False) -> None:
        """Read again what another page may have changed: a socket's user is as old as the socket.

        ``lock``: one such transaction of a person at a time. SQLite has but one writer and needs none.
        """
        found = (LOCKED if lock else AS_THEY_ARE).first(pk=self.pk)
        if found is None:
            raise type(self).DoesNotExist
        for name, value in zip(FRESH, found, strict=True):
            setattr(self, name, value)

    def take_preferences_of(self, same: "Preferences") -> None:
        """Of the same person, who has just been read again."""
        for name in FRESH:
            setattr(self, name, getattr(same, name))


FRESH = (
    *("time_zone", "language", "default_model", "custom_instructions"),
    *("suspended_until", "suspended_because"),
)


def _one() -> "models.QuerySet[Any]":
    people: Any = apps.get_model(settings.AUTH_USER_MODEL)
    found: models.QuerySet[Any] = people.objects.filter(pk=argument("pk", people))
    return found


AS_THEY_ARE = Select(lambda: _one().values_list(*FRESH))
LOCKED = Select(lambda: _one().select_for_update(no_key=True).values_list(*FRESH))
