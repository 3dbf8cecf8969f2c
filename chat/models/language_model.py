"""A model that people can choose, and how it may be used."""

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from accounts.costs import Prices
from accounts.models import User
from config.statements import Argument, Select, argument

from .rates import Rates

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


# Models for groups, and which of them are for a person: Django's own words for it take it a millisecond to find,
# and every request asks.
FOR_GROUPS = "SELECT languagemodel_id FROM chat_languagemodel_groups"
OF_GROUPS_OF = "WHERE group_id IN (SELECT group_id FROM accounts_user_groups WHERE user_id = %s)"


def _for_groups(of: object = None) -> RawSQL:
    """The models that are not for everybody; of these, with a person's key, those that are for them."""
    if of is None:
        return RawSQL(FOR_GROUPS, [])  # noqa: S611 (no words of anybody's)
    return RawSQL(f"{FOR_GROUPS} {OF_GROUPS_OF}", [of])  # noqa: S611


def _key_of(user: object) -> uuid.UUID:
    """Nobody's for whoever is not signed in."""
    return getattr(user, "pk", None) or uuid.UUID(int=0)


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def visible_to(self, user: object) -> "LanguageModelQuerySet":
        """The models this person may use, the default first."""
        return _visible(self, User._meta.pk.get_db_prep_value(_key_of(user), connection))  # noqa: SLF001 (public)

    def choose(self, user: object, name: str | None) -> "LanguageModel | None":
        """The named model; when none is named their default, else the site's. None when they may not use it."""
        key = _key_of(user)
        if name:
            if "\0" in name:  # which PostgreSQL will not even compare with
                return None
            return NAMED.first(user=key, name=name)
        preferred = getattr(user, "default_model", "")
        return (NAMED.first(user=key, name=preferred) if preferred else None) or FIRST.first(user=key)

    def prices_of(self, name: str) -> Prices | None:
        """Of the model of this name; None when there is none any more. One query."""
        found = PRICES.first(name=name)
        return None if found is None else Prices(*found)


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
    connection = models.ForeignKey(
        "ProviderConnection",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="language_models",
        help_text=_("empty: the environment's"),
    )
    context_window = models.PositiveIntegerField(help_text=_("tokens"))
    max_output_tokens = models.PositiveIntegerField(help_text=_("tokens"))
    enabled = models.BooleanField(default=True)
    offered = models.BooleanField(default=True, editable=False)
    is_default = models.BooleanField(default=False)
    fallback = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    groups = models.ManyToManyField(
        "auth.Group",
        blank=True,
        related_name="language_models",
        help_text=_("Who may choose it; none: everybody. As a fallback it answers whoever the first model is for."),
    )
    temperature = models.FloatField(
        _("temperature"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(2.0)],
        help_text=_("Empty: the provider's own."),
    )
    system_prompt = models.TextField(
        _("system prompt"), blank=True, max_length=20_000, help_text=_("What this model reads after the site's own.")
    )
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

    @transaction.atomic
    def make_default(self) -> None:
        """In place of the one there is."""
        LanguageModel.objects.filter(is_default=True).update(is_default=False)
        LanguageModel.objects.filter(pk=self.pk).update(is_default=True)

    @property
    def usable(self) -> bool:
        """Whether it can be asked now. Loads its connection."""
        return self.enabled and self.offered and (self.connection is None or self.connection.enabled)

    @property
    def provider_key(self) -> str:
        """What its provider's limits are counted under."""
        return f"connection:{self.connection_id}" if self.connection_id else f"provider:{self.provider}"

    @property
    def gauged_as(self) -> tuple[str, str]:
        """Under which names its own limits are counted, and its provider's."""
        return self.name, self.provider_key

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
            if model.usable or not chain:
                chain.append(model)
            model = model.fallback
        return chain


def _visible(among: LanguageModelQuerySet, key: object) -> LanguageModelQuerySet:
    there = Q(enabled=True, offered=True) & (Q(connection=None) | Q(connection__enabled=True))
    allowed = among.filter(there, ~Q(pk__in=_for_groups()) | Q(pk__in=_for_groups(key)))
    return allowed.select_related("connection").order_by("-is_default", "id")


def _for_one() -> LanguageModelQuerySet:
    return _visible(LanguageModel.objects.all(), Argument("user", User._meta.pk))  # noqa: SLF001 (public, for all its name)


FIRST = Select(lambda: _for_one()[:1])
NAMED = Select(lambda: _for_one().filter(name=argument("name", LanguageModel))[:1])
PRICES = Select(
    lambda: LanguageModel.objects.filter(name=argument("name", LanguageModel)).values_list(
        "input_price", "cached_input_price", "output_price"
    )
)
