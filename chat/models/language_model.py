"""A model that people can choose, and how it may be used."""

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.costs import Prices

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def visible_to(self, user: object) -> "LanguageModelQuerySet":
        """The models this person may use, the default first."""
        return self.filter(enabled=True, offered=True).order_by("-is_default", "id")

    def choose(self, user: object, name: str | None) -> "LanguageModel | None":
        """The named model; when none is named their default, else the site's. None when they may not use it."""
        models_ = self.visible_to(user)
        if name:
            if "\0" in name:  # which PostgreSQL will not even compare with
                return None
            return models_.filter(name=name).first()
        preferred = getattr(user, "default_model", "")
        return (models_.filter(name=preferred).first() if preferred else None) or models_.first()


class Rates(models.Model):
    """How much may be asked of something at once and in a minute; empty: as much as there is."""

    max_generations = models.PositiveIntegerField(
        _("answers at once"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    requests_per_minute = models.PositiveIntegerField(
        _("requests per minute"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    tokens_per_minute = models.PositiveBigIntegerField(
        _("tokens per minute"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        abstract = True


def price(name: "str | _StrPromise") -> "models.DecimalField[Decimal, Decimal]":
    """A price in the admin's own currency; never negative."""
    validators = [MinValueValidator(Decimal(0))]
    return models.DecimalField(
        name, max_digits=12, decimal_places=6, default=0, validators=validators, help_text=_("for a million tokens")
    )


class LanguageModel(Rates):
    """One model of one provider. ``name`` is the provider's own id and ``model`` on the wire.

    ``enabled`` is the admin's word, ``offered`` the provider's: it has the model now. People see what is both.
    """

    class Provider(models.TextChoices):
        ANTHROPIC = "anthropic", "Anthropic"
        OPENAI = "openai", "OpenAI"
        OLLAMA = "ollama", "Ollama"
        DEMO = "demo", _("Demo")

    name = models.CharField(max_length=200, unique=True)
    label = models.CharField(max_length=200, blank=True)
    provider = models.CharField(max_length=20, choices=Provider)
    context_window = models.PositiveIntegerField(help_text=_("tokens"))
    max_output_tokens = models.PositiveIntegerField(help_text=_("tokens"))
    enabled = models.BooleanField(default=True)
    offered = models.BooleanField(default=True, editable=False)
    is_default = models.BooleanField(default=False)
    fallback = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    input_price = price(_("price of input"))
    cached_input_price = price(_("price of cached input"))
    output_price = price(_("price of output"))

    objects = LanguageModelQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_model"),
            models.CheckConstraint(
                name="prices_are_not_negative",
                condition=Q(input_price__gte=0, cached_input_price__gte=0, output_price__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.name

    @property
    def prices(self) -> Prices:
        """What a million tokens cost."""
        return Prices(Decimal(self.input_price), Decimal(self.cached_input_price), Decimal(self.output_price))

    def clean(self) -> None:
        """A fallback that leads back here would be asked twice. Raises ValidationError."""
        seen, model = {self.pk}, self.fallback
        while model is not None:
            if model.pk in seen:
                raise ValidationError({"fallback": _("This chain of fallbacks leads in a circle.")}, code="circle")
            seen.add(model.pk)
            model = model.fallback

    def chain(self) -> "list[LanguageModel]":
        """This model and its enabled fallbacks, in the order in which they are tried."""
        chain: list[LanguageModel] = []
        model: LanguageModel | None = self
        while model is not None and model not in chain and len(chain) < settings.MAX_FALLBACKS + 1:
            if (model.enabled and model.offered) or not chain:
                chain.append(model)
            model = model.fallback
        return chain
