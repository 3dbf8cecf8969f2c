"""What a person used over some days: by model for a chart, by how it ended, and what it cost."""

import dataclasses
import datetime
from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.utils import timezone

from accounts import budgets
from accounts.budgets import BudgetStatus
from accounts.costs import NANO_PER_UNIT
from accounts.local_day import midnight
from accounts.models import Reservation

from .models import Generation

if TYPE_CHECKING:
    from accounts.models import User

RANGES = (7, 30, 90)
SHADES = 6  # colours of the chart; the models beyond the first five share the last


@dataclasses.dataclass(frozen=True)
class Segment:
    """One model's part of a day's bar. ``top`` and ``height`` are in percent of the chart, from above."""

    model: str
    shade: int
    tokens: int
    top: float
    height: float


@dataclasses.dataclass(frozen=True)
class Bar:
    """One day; ``left`` is where it begins on an axis that gives every day 1."""

    date: datetime.date
    left: float
    tokens: int
    segments: list[Segment]


@dataclasses.dataclass(frozen=True)
class ModelUse:
    """What one model was used for in the whole time."""

    model: str
    shade: int
    answers: int
    input: int
    output: int
    tokens: int
    cost: Decimal


@dataclasses.dataclass(frozen=True)
class Usage:
    """``rows`` are those of ``by_day_and_model``. Days are the person's own; tokens as the budget counts them."""

    days: list[datetime.date]
    rows: list[dict[str, Any]]
    asked: int
    cancelled: int
    failed: int
    budget: BudgetStatus

    @classmethod
    def of(cls, user: "User", days: int) -> "Usage":
        """The last days, today among them. Four queries, whatever was used; they read indexes of the person's own."""
        today = timezone.now().astimezone(user.zone).date()
        first = today - datetime.timedelta(days=days - 1)
        rows = list(Reservation.objects.filter(usage_day__date__gte=first).by_day_and_model(user))
        # After a change of zone the current day can be the calendar's next one.
        last = max([today, *(row["date"] for row in rows)])
        asked = Generation.objects.filter(user=user, created_at__gte=midnight(first, user.zone)).aggregate(
            asked=Count("pk"),
            cancelled=Count("pk", filter=Q(status=Generation.Status.CANCELLED)),
            failed=Count("pk", filter=Q(status__in=[Generation.Status.FAILED, Generation.Status.INTERRUPTED])),
        )
        dates = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
        return cls(dates, rows, **asked, budget=budgets.status(user))

    @cached_property
    def models(self) -> list[ModelUse]:
        """The models, the most used first: their order is that of the colours."""
        sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.rows:
            for name in ("answers", "input", "output", "tokens", "cost"):
                sums[row["model"]][name] += row[name]
        ranked = sorted(sums.items(), key=lambda item: (-item[1]["tokens"], item[0]))
        return [
            ModelUse(
                model=model,
                shade=min(rank, SHADES - 1),
                answers=use["answers"],
                input=use["input"],
                output=use["output"],
                tokens=use["tokens"],
                cost=Decimal(use["cost"]) / NANO_PER_UNIT,
            )
            for rank, (model, use) in enumerate(ranked)
        ]

    @property
    def tokens(self) -> int:
        return sum(use.tokens for use in self.models)

    @property
    def cost(self) -> Decimal:
        """In the currency of the admin's prices; 0 when there are none."""
        return sum((use.cost for use in self.models), Decimal())

    @cached_property
    def scale(self) -> int:
        """The value at the top of the chart: a round number that no day goes beyond."""
        most = max(self._by_date().values(), default=0)
        if most == 0:
            return 1000
        step = int("1".ljust(len(str(most)), "0"))
        return next(step * n for n in (1, 2, 5, 10) if step * n >= most)

    @property
    def bars(self) -> list[Bar]:
        shades = {use.model: use.shade for use in self.models}
        totals = self._by_date()
        return [
            Bar(date, n + 0.15, totals.get(date, 0), self._segments(date, shades)) for n, date in enumerate(self.days)
        ]

    def _by_date(self) -> dict[datetime.date, int]:
        totals: dict[datetime.date, int] = defaultdict(int)
        for row in self.rows:
            totals[row["date"]] += row["tokens"]
        return totals

    def _segments(self, date: datetime.date, shades: dict[str, int]) -> list[Segment]:
        """The day's models, the most used one at the bottom."""
        segments: list[Segment] = []
        top = 100.0
        for row in sorted((row for row in self.rows if row["date"] == date), key=lambda row: shades[row["model"]]):
            height = 100 * row["tokens"] / self.scale
            top -= height
            segments.append(Segment(row["model"], shades[row["model"]], row["tokens"], round(top, 3), round(height, 3)))
        return segments
