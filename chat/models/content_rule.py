"""What may not be asked or answered here, and what happens then."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TEXT = 20_000  # characters of a rule
MAX_WORD = 64


class ContentRuleQuerySet(models.QuerySet["ContentRule"]):
    def count_hits(self, ids: "Iterable[int]") -> None:
        """These were met once more."""
        self.filter(pk__in=list(ids)).update(hits=F("hits") + 1, last_hit_at=timezone.now())


class ContentRule(models.Model):
    """Words (one a line) or a pattern. ``block``: not asked, or cut where it begins; ``flag``: moderators are told,
    the person is not; ``warn``: the person is told. ``changed_at`` is how processes notice."""

    class Kind(models.TextChoices):
        WORDS = "words", _("words, one a line")
        PATTERN = "pattern", _("pattern (RE2)")

    class Side(models.TextChoices):
        PROMPTS = "prompts", _("prompts")
        ANSWERS = "answers", _("answers")
        BOTH = "both", _("prompts and answers")

    class Action(models.TextChoices):
        BLOCK = "block", _("block")
        FLAG = "flag", _("report to the moderators")
        WARN = "warn", _("warn the person")

    name = models.CharField(_("name"), max_length=100, help_text=_("The person is shown it."))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.WORDS)
    text = models.TextField(
        _("words or pattern"),
        max_length=MAX_TEXT,
        help_text=_("Case and punctuation make no difference to words; a * at an end stands for any ending."),
    )
    applies_to = models.CharField(_("applies to"), max_length=8, choices=Side, default=Side.BOTH)
    action = models.CharField(_("action"), max_length=8, choices=Action, default=Action.FLAG)
    longest_match = models.PositiveSmallIntegerField(
        _("longest match of the pattern"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("In characters: so much of an answer is held back while it streams, if the rule blocks."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    hits = models.PositiveBigIntegerField(_("hits"), default=0, editable=False)
    last_hit_at = models.DateTimeField(_("last hit"), null=True, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ContentRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("content rule")
        verbose_name_plural = _("content rules")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Other processes notice with their next look, this one at once."""
        self.changed_at = timezone.now()
        super().save(*args, **kwargs)
        self._forget()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        self._forget()
        return deleted

    @property
    def sides(self) -> list[str]:
        both = [str(self.Side.PROMPTS), str(self.Side.ANSWERS)]
        return both if self.applies_to == self.Side.BOTH else [self.applies_to]

    def clean(self) -> None:
        """Raises ValidationError when there is nothing to look for, or no way to look for it."""
        from chat.moderating.patterns import compiled
        from chat.moderating.words import key_of

        if self.kind == self.Kind.PATTERN:
            try:
                compiled(self.text)
            except ValidationError as error:
                raise ValidationError({"text": error}) from None
            return
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        for line in lines or [self.text]:
            if not key_of(line):
                raise ValidationError({"text": _("There is no word to look for in “%s”.") % line[:MAX_WORD]})
            if len(line) > MAX_WORD:
                raise ValidationError({"text": _("“%s…” is too long: a word has at most 64 characters.") % line[:20]})

    @staticmethod
    def _forget() -> None:
        from chat.moderating import rules

        rules.forget()
