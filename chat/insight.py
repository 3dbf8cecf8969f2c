"""How the site was used over some days, and how well it answered: from the daily roll-ups."""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.costs import NANO_PER_UNIT
from accounts.models import UsageDay

from .models import DailyRollup
from .models.daily_rollup import SECONDS, TOKENS_PER_SECOND
from .usage import SHADES, Bar, Segment

Kind = DailyRollup.Kind
SUMMED = (
    *("answers", "cancelled", "interrupted", "truncated", "failed", "fallbacks", "out_of_budget"),
    *("good", "bad", "tokens", "cost_nano"),
)
NEARLY = 256  # tokens that are left are too few for another answer


def percentile(histogram: Sequence[int], bounds: Sequence[float], share: float) -> float | None:
    """The bound under which that share of all lies, linear within its bucket; None of nothing."""
    total = sum(histogram)
    if not total:
        return None
    wanted, below = total * share, 0
    edges = [0.0, *bounds, bounds[-1] * 2]
    for n, count in enumerate(histogram):
        if count and below + count >= wanted:
            return edges[n] + (edges[n + 1] - edges[n]) * (wanted - below) / count
        below += count
    return float(edges[-1])


@dataclasses.dataclass(frozen=True)
class Sums:
    """The days of one name together."""

    name: str
    counts: Mapping[str, int]
    first_token: Sequence[int]
    speed: Sequence[int]
    waiting: Sequence[int]

    @classmethod
    def of(cls, name: str, rows: Iterable[DailyRollup]) -> "Sums":
        rows = list(rows)
        counts = {field: sum(getattr(row, field) for row in rows) for field in SUMMED}
        histograms = (_added(getattr(row, field) for row in rows) for field in ("first_token", "speed", "waiting"))
        return cls(name, counts, *histograms)

    def __getattr__(self, field: str) -> int:
        """The counts, for templates."""
        if field in SUMMED:
            return self.counts[field]
        raise AttributeError(field)

    @property
    def cost(self) -> float:
        return self.counts["cost_nano"] / NANO_PER_UNIT

    @property
    def errors(self) -> int:
        return self.counts["failed"] + self.counts["interrupted"]

    @property
    def first_token_p50(self) -> float | None:
        return percentile(self.first_token, SECONDS, 0.5)

    @property
    def first_token_p95(self) -> float | None:
        return percentile(self.first_token, SECONDS, 0.95)

    @property
    def speed_p50(self) -> float | None:
        return percentile(self.speed, TOKENS_PER_SECOND, 0.5)

    @property
    def speed_p95(self) -> float | None:
        """What 95 % of the answers are faster than: of a speed the slow ones matter."""
        return percentile(self.speed, TOKENS_PER_SECOND, 0.05)

    @property
    def waiting_p50(self) -> float | None:
        return percentile(self.waiting, SECONDS, 0.5)

    @property
    def waiting_p95(self) -> float | None:
        return percentile(self.waiting, SECONDS, 0.95)

    @property
    def is_failing(self) -> bool:
        """People stop two of five of its answers: whatever it writes, it is not what they want."""
        return self.counts["answers"] >= 20 and self.counts["cancelled"] >= 0.4 * self.counts["answers"]


@dataclasses.dataclass(frozen=True)
class Chart:
    """Stacked bars, a day each, as ``usage.Bar`` has them."""

    slug: str
    title: str
    days: Sequence[datetime.date]
    values: Mapping[datetime.date, Mapping[str, float]]

    @cached_property
    def names(self) -> list[str]:
        """The greatest first: their order is that of the colours."""
        sums: dict[str, float] = defaultdict(float)
        for of_day in self.values.values():
            for name, value in of_day.items():
                sums[name] += value
        return sorted(sums, key=lambda name: (-sums[name], name))

    @property
    def legend(self) -> list[tuple[str, int]]:
        return [(name, min(rank, SHADES - 1)) for rank, name in enumerate(self.names)] if len(self.names) > 1 else []

    @cached_property
    def scale(self) -> float:
        """A round number that no day goes beyond."""
        most = max((sum(of_day.values()) for of_day in self.values.values()), default=0)
        step = 10.0 ** (len(str(int(most))) - 1) if most >= 1 else 1.0
        return next((step * n for n in (1, 2, 5, 10) if step * n >= most), step)

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(date, n + 0.15, round(sum(self._of(date).values())), self._segments(date))
            for n, date in enumerate(self.days)
        ]

    def _of(self, date: datetime.date) -> Mapping[str, float]:
        return self.values.get(date, {})

    def _segments(self, date: datetime.date) -> list[Segment]:
        segments, top = list[Segment](), 100.0
        for rank, name in enumerate(self.names):
            if value := self._of(date).get(name):
                height = 100 * value / self.scale
                top -= height
                segments.append(Segment(name, min(rank, SHADES - 1), round(value), round(top, 3), round(height, 3)))
        return segments


@dataclasses.dataclass(frozen=True)
class Insight:
    """Days are UTC's. ``people`` were active at least once; ``exhausted`` is how often somebody's day ran out."""

    days: list[datetime.date]
    rows: list[DailyRollup]
    people: int
    exhausted: int

    @classmethod
    def of(cls, first: datetime.date, last: datetime.date) -> "Insight":
        """Three queries; none of them reads generations."""
        rows = list(DailyRollup.objects.filter(date__range=(first, last)).order_by("date", "key"))
        days = UsageDay.objects.filter(date__range=(first, last))
        used_up = days.filter(limit__isnull=False, used__gt=0, used__gte=F("limit") + F("granted") - NEARLY)
        dates = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
        return cls(dates, rows, days.values("user").distinct().count(), used_up.count())

    @cached_property
    def site(self) -> Sums:
        return Sums.of("", self._of(Kind.SITE))

    @cached_property
    def models(self) -> list[Sums]:
        return self._by_key(Kind.MODEL)

    @cached_property
    def groups(self) -> list[Sums]:
        return self._by_key(Kind.GROUP)

    @cached_property
    def charts(self) -> list[Chart]:
        return [
            self._chart("people", _("Active people"), Kind.SITE, "people"),
            self._chart("answers", _("Requests"), Kind.SITE, "answers"),
            self._chart("tokens", _("Tokens by model"), Kind.MODEL, "tokens"),
            self._chart("groups", _("Tokens by group"), Kind.GROUP, "tokens"),
            self._chart("cost", _("Cost by model"), Kind.MODEL, "cost_nano", NANO_PER_UNIT),
        ]

    def _of(self, kind: str) -> list[DailyRollup]:
        return [row for row in self.rows if row.kind == kind]

    def _by_key(self, kind: str) -> list[Sums]:
        by_key: dict[str, list[DailyRollup]] = defaultdict(list)
        for row in self._of(kind):
            by_key[row.key].append(row)
        sums = [Sums.of(key, rows) for key, rows in by_key.items()]
        return sorted(sums, key=lambda one: (-one.counts["tokens"], one.name))

    def _chart(self, slug: str, title: str, kind: str, field: str, unit: int = 1) -> Chart:
        values: dict[datetime.date, dict[str, float]] = defaultdict(dict)
        for row in self._of(kind):
            if value := getattr(row, field):
                values[row.date][row.key] = value / unit
        return Chart(slug, title, self.days, values)


COLUMNS = ("date", "kind", "key", "people", *SUMMED)


def table(insight: Insight) -> Iterable[list[Any]]:
    """Every roll-up of the days as a row of ``COLUMNS``."""
    return ([getattr(row, field) for field in COLUMNS] for row in insight.rows)


def _added(histograms: Iterable[Sequence[int]]) -> list[int]:
    whole = [one for one in histograms if one]
    return [sum(column) for column in zip(*whole, strict=True)] if whole else []
