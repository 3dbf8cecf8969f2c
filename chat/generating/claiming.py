"""Becoming the runner of a generation: it takes one of the places that there are on the whole site, or waits.

What a person, a model and a provider may have at once is counted in the database, in the transaction that claims. Of
several processes that count for the same limit at once, one goes after the other. A process that is alone knows all
of it without asking.
"""

import datetime
import enum
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Case, Count, F, Max, Q, Sum, When
from django.utils import timezone

from chat.database import one_at_a_time, shared
from chat.models import Generation, LanguageModel
from chat.models.generation import GenerationQuerySet
from chat.models.rates import Rates

from .record import Replaced

if TYPE_CHECKING:
    from .slot import Slot

MINUTE = datetime.timedelta(minutes=1)
TURNS = datetime.timedelta(minutes=10)  # who has had nothing for so long has had nothing


class Full(enum.Enum):
    """What leaves no room for one more."""

    PERSON = "person"
    MODEL = "model"
    PROVIDER = "provider"
    TURN = "turn"  # there is one place left, and it is somebody else's turn


class CancelledWhileQueued(Exception):
    """Somebody asked the database to stop it, and nobody told this process."""


class Limit(msgspec.Struct, frozen=True):
    """How much of something there may be; ``whose``: the generations that count."""

    full: Full
    name: str
    whose: Q
    max_generations: int | None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    def is_reached(self, others: GenerationQuerySet, tokens: int, *, courteous: bool) -> Full | None:
        """Whether one more, of so many tokens at most, is too many; or the last, which others wait for."""
        others = others.filter(self.whose)
        left = math.inf
        if self.max_generations is not None:
            left = self.max_generations - others.filter(status=Generation.Status.RUNNING).count()
        if left <= 0 or self._is_reached_within_a_minute(others, tokens):
            return self.full
        return Full.TURN if left == 1 and courteous and self.full is not Full.PERSON else None

    def _is_reached_within_a_minute(self, others: GenerationQuerySet, tokens: int) -> bool:
        """As ``Gauge`` counts: what runs is counted with the most it may take, and the largest goes alone."""
        if self.requests_per_minute is None and self.tokens_per_minute is None:
            return False
        lately = others.filter(started_at__gt=timezone.now() - MINUTE)
        written = Case(When(status=Generation.Status.RUNNING, then=F("max_output_tokens")), default=F("output_tokens"))
        found = lately.aggregate(requests=Count("pk"), tokens=Sum(F("input_tokens") + written, default=0))
        if self.requests_per_minute is not None and found["requests"] >= self.requests_per_minute:
            return True
        most = self.tokens_per_minute
        return most is not None and bool(found["tokens"]) and found["tokens"] + tokens > most


def claim(generation: Generation, process: UUID, slot: "Slot", *, begun: bool, courteous: bool) -> Full | None:
    """Become the runner, with the slot's model to speak; or say what is full, and then nothing has changed. Blocking.

    ``begun``: people have seen some of the answer, which the same model goes on with. ``courteous``: leave the last
    place to who has waited longer in another process. Raises Replaced and CancelledWhileQueued.
    """
    before = generation.status, generation.fence, generation.model, generation.epoch
    waits = generation.status == Generation.Status.QUEUED
    if not waits and (begun or generation.model == slot.model.name):
        return None  # its place has been its own since it began
    try:
        with transaction.atomic():
            if full := _full(generation, slot, courteous):
                return full
            if waits and not generation.claim(process, slot.model.name):
                raise CancelledWhileQueued if generation.cancel_requested() else Replaced
            if not waits and not generation.start_over(slot.model.name):
                raise Replaced
    except DatabaseError:  # nothing is stored; or it is and the word of it was lost, which the reaper finds
        generation.status, generation.fence, generation.model, generation.epoch = before
        raise
    return None


def _full(generation: Generation, slot: "Slot", courteous: bool) -> Full | None:
    """What has no room for it; when all have, it stays so until this transaction ends."""
    if not shared():
        return None
    limits = sorted(_limits(generation, slot.model, slot.rates), key=lambda limit: limit.name)
    for limit in limits:  # in the same order by everybody, so that no two wait for each other
        one_at_a_time(f"answers of {limit.name}")
    others = Generation.objects.exclude(pk=generation.pk)
    for limit in limits:
        full = limit.is_reached(others, slot.tokens, courteous=courteous)
        if full and (full is not Full.TURN or _is_anothers_turn(generation, others.filter(limit.whose))):
            return full
    return None


def _is_anothers_turn(generation: Generation, others: GenerationQuerySet) -> bool:
    """Whether somebody waits there who has nothing now, and whose last answer began before this person's."""
    waiting = others.filter(status=Generation.Status.QUEUED, cancel_requested_at=None)
    waiting = waiting.filter(lease_expires_at__gt=timezone.now()).exclude(user=generation.user_id)
    busy = Generation.objects.filter(status=Generation.Status.RUNNING).values("user")
    people = set(waiting.exclude(user__in=busy).values_list("user", flat=True))
    if not people:
        return False
    lately = Generation.objects.filter(started_at__gt=timezone.now() - TURNS, user__in=people | {generation.user_id})
    began = dict(lately.values_list("user").annotate(Max("started_at")))
    mine = began.get(generation.user_id)
    return mine is not None and any(person not in began or began[person] < mine for person in people)


def _limits(generation: Generation, model: LanguageModel, rates: Mapping[str, Rates | None]) -> Iterator[Limit]:
    yield Limit(
        Full.PERSON, f"person:{generation.user_id}", Q(user=generation.user_id), settings.MAX_GENERATIONS_PER_USER
    )
    own = LanguageModel.objects.filter(connection=model.connection_id)
    own = own if model.connection_id else own.filter(provider=model.provider)
    speakers = {Full.MODEL: Q(model=model.name), Full.PROVIDER: Q(model__in=own.values("name"))}
    for (full, whose), name in zip(speakers.items(), model.gauged_as, strict=True):
        if limits := rates[name]:
            most = limits.max_generations, limits.requests_per_minute, limits.tokens_per_minute
            if any(limit is not None for limit in most):
                yield Limit(full, name, whose, *most)
