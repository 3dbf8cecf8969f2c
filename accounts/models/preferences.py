"""How a person wants the product to be: language, look, model, and what models are to know about them."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

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
        fields = ["time_zone", "language", "default_model", "custom_instructions"]
        fields += ["suspended_until", "suspended_because"]
        people = type(self)._default_manager  # noqa: SLF001 (public, for all its name)
        self.refresh_from_db(fields=fields, from_queryset=people.select_for_update(no_key=True) if lock else None)
