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
DEFAULT_TIMEOUT_S, MOST_TIMEOUT_S = 5, 30


class ContentRuleQuerySet(models.QuerySet["ContentRule"]):
    def count_hits(self, ids: "Iterable[int]") -> None:
        """These were met once more."""
        self.filter(pk__in=list(ids)).update(hits=F("hits") + 1, last_hit_at=timezone.now())


class ContentRule(models.Model):
    """Words (one a line), a pattern, or what a provider's moderation says (``text``: its categories).

    ``block``: not asked, or cut where it begins (an answer that a provider finds fault with is taken away when it has
    ended); ``flag``: moderators are told, the person is not; ``warn``: the person is told. ``changed_at`` is how
    processes notice.
    """

    class Kind(models.TextChoices):
        WORDS = "words", _("words, one a line")
        PATTERN = "pattern", _("pattern (RE2)")
        PROVIDER = "provider", _("a provider’s moderation")

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
        _("words, pattern or categories"),
        max_length=MAX_TEXT,
        blank=True,
        help_text=_(
            "Case and punctuation make no difference to words; a * at an end stands for any ending. "
            "Of a provider’s moderation: its categories, one a line; empty: whatever it flags."
        ),
    )
    applies_to = models.CharField(_("applies to"), max_length=8, choices=Side, default=Side.BOTH)
    action = models.CharField(_("action"), max_length=8, choices=Action, default=Action.FLAG)
    longest_match = models.PositiveSmallIntegerField(
        _("longest match of the pattern"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("In characters: so much of an answer is held back while it streams, if the rule blocks."),
    )
    connection = models.ForeignKey(
        "ProviderConnection",
        verbose_name=_("provider connection"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="content_rules",
        help_text=_("Prompts and answers are sent there, to OpenAI’s moderations endpoint or one like it."),
    )
    moderation_model = models.CharField(
        _("moderation model"), max_length=200, blank=True, help_text=_("Empty: the provider’s own choice.")
    )
    timeout_s = models.PositiveSmallIntegerField(
        _("time limit"),
        default=DEFAULT_TIMEOUT_S,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_TIMEOUT_S)],
        help_text=_("In seconds, for each call of the provider’s moderation."),
    )
    fails_closed = models.BooleanField(
        _("block what cannot be checked"),
        default=True,
        help_text=_("When the provider does not answer. Else it passes; rules that do not block always let it pass."),
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

        if self.kind == self.Kind.PROVIDER:
            if self.connection is None or self.connection.kind != self.connection.Kind.OPENAI:
                raise ValidationError({"connection": _("Which connection that speaks OpenAI’s protocol is asked?")})
            return
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
