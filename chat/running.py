"""What is being generated on the site at this moment, in every process, as those who watch over it see it."""

import dataclasses
import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from . import generating
from .models import Generation

MOST_ROWS = 200
CHARS_PER_TOKEN = 4  # roughly, and said to be: the exact count comes with the end


@dataclasses.dataclass(frozen=True)
class Row:
    """One generation; nothing of what is written in it. ``tokens`` are estimated from its length."""

    pk: UUID
    user: str
    model: str
    running: bool
    age_s: int
    tokens: int
    tokens_per_second: float
    process: str
    here: bool

    @classmethod
    def of(cls, generation: Any, now: datetime.datetime) -> "Row":
        log = generating.current().hub.get(generation.pk)
        stored = generation.stored_length - generation.text_start - generation.thinking_start
        written = len(log.text) + len(log.thinking) if log else max(stored, 0)
        began = generation.started_at or generation.created_at
        running_s = (now - began).total_seconds()
        tokens = round(written / CHARS_PER_TOKEN)
        return cls(
            pk=generation.pk,
            user=generation.user.email,
            model=generation.model,
            running=generation.status == Generation.Status.RUNNING,
            age_s=round((now - generation.created_at).total_seconds()),
            tokens=tokens,
            tokens_per_second=round(tokens / running_s, 1) if running_s > 0 and tokens else 0.0,
            process=str(generation.process)[:8] if generation.process else "",
            here=generation.process == generating.current().id,
        )


@dataclasses.dataclass(frozen=True)
class Running:
    """The rows, the oldest first, and how many there are in all."""

    rows: list[Row]
    running: int
    queued: int

    @classmethod
    def now(cls) -> "Running":
        """Two queries."""
        active: QuerySet[Generation] = Generation.objects.active()
        states = list(active.values_list("status", flat=True))
        length = Length("message__text") + Length("message__thinking")
        shown = active.select_related("user").annotate(stored_length=length)
        now = timezone.now()
        rows = [Row.of(generation, now) for generation in shown.order_by("created_at")[:MOST_ROWS]]
        running = states.count(Generation.Status.RUNNING)
        return cls(rows, running, len(states) - running)

    @property
    def more(self) -> int:
        return max(self.running + self.queued - len(self.rows), 0)
