"""Ends reservations: each call at the prices of the model that spoke, and those that nobody will end any more."""

import datetime
import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Reservation
from chat.models import Generation, LanguageModel

from .answer import Measured

logger = logging.getLogger(__name__)
STALE = datetime.timedelta(seconds=20)  # with the pulse between sweeps well within a minute


def settle(key: UUID, used: Measured, model: str) -> bool:
    """Charge a call of the model of this name; False when that was done before. Blocking."""
    return Reservation.objects.settle(key, **used, model=model, prices=LanguageModel.objects.prices_of(model))


def end_stale_reservations() -> set[UUID]:
    """Settle those whose generation has ended with what it used, release those whose generation does not exist.

    Returns whose budgets changed. Blocking; one query when there is nothing to do.
    """
    stale = list(Reservation.objects.stale(timezone.now() - STALE))
    if not stale:
        return set()
    generations = Generation.objects.in_bulk([reservation.pk for reservation in stale])
    return {reservation.user_id for reservation in stale if _end(reservation, generations.get(reservation.pk))}


def _end(reservation: Reservation, generation: Generation | None) -> bool:
    if generation is not None and generation.active:
        return False
    logger.warning("a reservation was left behind: generation=%s", reservation.pk)
    with transaction.atomic():
        if generation is None or not generation.started_at:
            return reservation.release()
        used: Measured = {
            "input_tokens": generation.input_tokens,
            "output_tokens": generation.output_tokens,
            "cached_input_tokens": generation.cached_input_tokens,
            "estimated": generation.estimated,
        }
        return settle(generation.pk, used, generation.model)
