"""What every model of the site reads first: an admin's words, in place of those in the environment."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 20_000


class SitePrompt(models.Model):
    """At most one row."""

    text = models.TextField(
        _("text"), max_length=MAX_TEXT, blank=True, help_text=_("It counts as tokens with every message.")
    )

    class Meta:
        verbose_name = _("system prompt")
        verbose_name_plural = _("system prompt")

    def __str__(self) -> str:
        return self.text[:60]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)
        look()


_known: list[str] = []


def site_prompt() -> str:
    """As of the last look; blocking the first time."""
    return _known[0] if _known else look()


def look() -> str:
    """Read it again. Blocking; one query."""
    row = SitePrompt.objects.filter(pk=1).values_list("text", flat=True).first()
    _known[:] = [settings.SYSTEM_PROMPT if row is None else row]
    return _known[0]


def forget() -> None:
    """The next who asks reads it again."""
    _known.clear()
