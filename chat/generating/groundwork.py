"""What is known of an answer before it is written: which models may write it, what these take, what they read."""

import time
from collections.abc import Mapping, Sequence

import msgspec
from django.utils.translation import gettext as _

from chat.models import Generation, LanguageModel
from chat.models.message import Said
from chat.models.provider_limit import rates_of
from chat.models.rates import Rates
from chat.protocol import Refused
from chat.providers import Prompt

FRESH_S = 1.0  # nobody looks again at what was seen when the request was stored so short a time ago


class Groundwork(msgspec.Struct, frozen=True):
    """As the database had it at one moment. ``prompt``: for the first model of the chain, before anything is written.

    ``alone``: no answer goes before it that was still being written. What models read is found when their turn comes,
    unless that is at once.
    """

    chain: Sequence[LanguageModel]
    rates: Mapping[str, Rates | None]
    branch: Sequence[Said] = ()
    prompt: Prompt | None = None
    alone: bool = False
    laid_at: float = msgspec.field(default_factory=time.monotonic)

    @classmethod
    def of(cls, generation: Generation) -> "Groundwork":
        """Of one that was asked for a while ago. Blocking. Raises Refused."""
        model = generation.language_model
        if model is None:
            raise Refused("model_unavailable", _("The model %s is not available any more.") % generation.model)
        chain = model.chain() if generation.allow_fallback else [model]
        return cls(chain, rates_of(chain))

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.laid_at + FRESH_S

    @property
    def read(self) -> bool:
        """Whether what models are to read is known, too, as it is now."""
        return bool(self.branch) and self.fresh
