"""How much may be asked of one provider, over all of its models."""

from collections.abc import Iterable

from django.db import models

from config.statements import Select

from .language_model import LanguageModel
from .provider_connection import ProviderConnection
from .rates import Rates


class ProviderLimit(Rates):
    """What the site's tier at the provider allows."""

    provider = models.CharField(max_length=20, choices=LanguageModel.Provider, unique=True)

    def __str__(self) -> str:
        return self.get_provider_display()


ALL = Select(ProviderLimit.objects.all)


def rates_of(models_: Iterable[LanguageModel]) -> dict[str, Rates | None]:
    """The limits of models under their names, those of providers under ``LanguageModel.provider_key``.

    One query, one more when there are models of connections.
    """
    limits = {limit.provider: limit for limit in ALL.all()}
    rates: dict[str, Rates | None] = {model.name: model for model in models_}
    rates |= {f"provider:{kind}": limits.get(kind) for kind in LanguageModel.Provider.values}
    connected = {model.connection_id for model in models_ if model.connection_id}
    if connected:
        rates |= {f"connection:{one.pk}": one for one in ProviderConnection.objects.filter(pk__in=connected)}
    return rates
