"""How much may be asked of one provider, over all of its models."""

from collections.abc import Iterable

from django.db import models

from .language_model import LanguageModel, Rates


class ProviderLimit(Rates):
    """What the site's tier at the provider allows."""

    provider = models.CharField(max_length=20, choices=LanguageModel.Provider, unique=True)

    def __str__(self) -> str:
        return self.get_provider_display()


def rates_of(models_: Iterable[LanguageModel]) -> dict[str, Rates | None]:
    """The limits of models under their names, and those of all providers under ``provider:…``. One query."""
    limits = {limit.provider: limit for limit in ProviderLimit.objects.all()}
    rates: dict[str, Rates | None] = {model.name: model for model in models_}
    return rates | {f"provider:{kind}": limits.get(kind) for kind in LanguageModel.Provider.values}
