"""Keeps the daily roll-ups: counts a day anew, as often as it may have changed."""

import asyncio
import datetime
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Case, Count, F, FloatField, Func, IntegerField, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import NullIf
from django.utils import timezone

from accounts.models import Reservation

from .database import in_database, one_at_a_time
from .models import DailyRollup, Feedback, Generation
from .models.daily_rollup import SECONDS, TOKENS_PER_SECOND

logger = logging.getLogger(__name__)
EVERY_S = 60.0
SETTLED = datetime.timedelta(minutes=30)  # after midnight the day before may still change
Kind = DailyRollup.Kind
Status = Generation.Status
Rows = dict[str, dict[str, Any]]

# Of each kind of roll-up: what its generations, reservations and opinions are grouped by.
GROUPED_BY = {
    Kind.MODEL: ("model", "model", "message__generations__model"),
    Kind.GROUP: ("user__groups__name", "user__groups__name", "user__groups__name"),
}


class SecondsBetween(Func):
    """Computed in the database, and on SQLite not in Python."""

    output_field = FloatField()
    arity = 2
    template = "EXTRACT(EPOCH FROM (%(expressions)s))"
    arg_joiner = " - "

    def __init__(self, since: str, until: str) -> None:
        super().__init__(F(until), F(since))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        until, since = (compiler.compile(part) for part in self.get_source_expressions())
        sql = f"((julianday({until[0]}) - julianday({since[0]})) * 86400.0)"
        return sql, (*until[1], *since[1])


async def keep_rolled_up() -> None:
    """For the life of the process; several processes take turns by chance, and none does it twice in a minute."""
    while True:
        try:
            for date in await in_database(stale_days):
                await in_database(roll_up, date)
        except DatabaseError as error:
            logger.error("roll-up failed: %s", error)
        await asyncio.sleep(EVERY_S)


def stale_days() -> list[datetime.date]:
    """Those that may have changed since they were counted; every one since the last that was. Blocking."""
    now = timezone.now()
    counted = DailyRollup.objects.filter(kind=Kind.SITE).order_by("-date").first()
    if counted is None:
        first = Generation.objects.aggregate(at=Min("created_at"))["at"]
        since = first.astimezone(datetime.UTC).date() if first else now.date()
    elif now - counted.updated_at < datetime.timedelta(seconds=EVERY_S * 0.9):
        return []
    else:
        since = (counted.updated_at - SETTLED).date()
    return [since + datetime.timedelta(days=n) for n in range((now.date() - since).days + 1)]


@transaction.atomic
def roll_up(date: datetime.date) -> None:
    """Count one day, whatever was counted of it before. Blocking."""
    one_at_a_time("rollup")
    starts_at = datetime.datetime.combine(date, datetime.time(), datetime.UTC)
    that_day = Q(created_at__gte=starts_at, created_at__lt=starts_at + datetime.timedelta(days=1))
    rollups = [
        DailyRollup(date=date, kind=kind, key=key, **fields)
        for kind in Kind
        for key, fields in _counted(kind, that_day).items()
    ]
    if not any(one.kind == Kind.SITE for one in rollups):
        rollups.append(DailyRollup(date=date, kind=Kind.SITE))
    DailyRollup.objects.filter(date=date).delete()
    DailyRollup.objects.bulk_create(rollups)


def _counted(kind: str, that_day: Q) -> Rows:
    """The fields of each key. Six queries."""
    by = GROUPED_BY.get(Kind(kind), (None, None, None))
    generations = Generation.objects.filter(that_day)
    rows: Rows = defaultdict(dict)
    for row in _grouped(generations, by[0]).annotate(**_counts()):
        rows[row.pop("name") or ""].update((field, count or 0) for field, count in row.items())
    settled = Reservation.objects.filter(that_day, state=Reservation.State.SETTLED)
    for row in _grouped(settled, by[1]).annotate(tokens=Sum("settled_amount"), cost_nano=Sum("cost_nano")):
        rows[row.pop("name") or ""].update((field, count or 0) for field, count in row.items())
    for row in _grouped(Feedback.objects.filter(that_day), by[2]).annotate(
        good=Count("pk", filter=Q(value="good"), distinct=True), bad=Count("pk", filter=Q(value="bad"), distinct=True)
    ):
        rows[row.pop("name") or ""].update((field, count or 0) for field, count in row.items())
    for field, value, bounds in _histograms():
        for key, buckets in _histogram(generations, by[0], value, bounds).items():
            rows[key][field] = buckets
    if kind != Kind.SITE:
        rows.pop("", None)  # people in no group; calls of which no model is known
    return rows


def _grouped(rows: "QuerySet[Any]", by: str | None) -> Any:
    """Rows with a ``name``, which is empty for all of them together."""
    return rows.order_by().values(name=F(by) if by else Value(""))


def _counts() -> dict[str, Count]:
    wanted = {"name": F("language_model__name")}
    return {
        "answers": Count("pk"),
        "people": Count("user", distinct=True),
        "cancelled": Count("pk", filter=Q(status=Status.CANCELLED)),
        "interrupted": Count("pk", filter=Q(status=Status.INTERRUPTED)),
        "truncated": Count("pk", filter=Q(status=Status.TRUNCATED)),
        "failed": Count("pk", filter=Q(status=Status.FAILED)),
        "out_of_budget": Count("pk", filter=Q(finish_reason="budget")),
        "fallbacks": Count("pk", filter=Q(language_model__isnull=False) & ~Q(model=wanted["name"])),
    }


def _histograms() -> list[tuple[str, Any, Sequence[float]]]:
    writing = NullIf(SecondsBetween("first_token_at", "finished_at"), Value(0.0))
    return [
        ("first_token", SecondsBetween("started_at", "first_token_at"), SECONDS),
        ("waiting", SecondsBetween("created_at", "started_at"), SECONDS),
        ("speed", F("output_tokens") * 1.0 / writing, TOKENS_PER_SECOND),
    ]


def _histogram(
    rows: "QuerySet[Generation]", by: str | None, value: Any, bounds: Sequence[float]
) -> dict[str, list[int]]:
    """How many fall between the bounds, of each name."""
    bucket = Case(
        *(When(measured__lt=bound, then=Value(n)) for n, bound in enumerate(bounds)),
        default=Value(len(bounds)),
        output_field=IntegerField(),
    )
    measured = rows.annotate(measured=value).filter(measured__isnull=False)
    histograms: dict[str, list[int]] = defaultdict(lambda: [0] * (len(bounds) + 1))
    for row in _grouped(measured, by).annotate(bucket=bucket).annotate(n=Count("pk")):
        histograms[row["name"] or ""][row["bucket"]] += row["n"]
    return histograms
