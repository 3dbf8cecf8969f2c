"""The daily token budget: reserve before a call, and say how much is left."""

import dataclasses
import datetime
import uuid
from typing import TYPE_CHECKING, TypedDict

from django.db import IntegrityError, transaction
from django.utils import timezone

from .costs import Prices
from .models import CostMonth, Reservation, TokenBudget, UsageDay

if TYPE_CHECKING:
    from .models import User

MIN_OUTPUT_TOKENS = 256
ATTEMPTS = 3


class BudgetValues(TypedDict):
    """The protocol's ``budget`` object."""

    used: int
    reserved: int
    limit: int | None
    remaining: int | None
    resets_at: str


@dataclasses.dataclass(frozen=True)
class BudgetStatus:
    """A person's tokens today. ``limit`` includes what was granted for today; None: no limit.

    ``resets_at`` is aware and in the person's zone.
    """

    used: int
    reserved: int
    limit: int | None
    resets_at: datetime.datetime

    @classmethod
    def of(cls, user: "User", day: UsageDay, limit: int | None) -> "BudgetStatus":
        total = None if limit is None else limit + day.granted
        return cls(day.used, day.reserved, total, day.ends_in(user.zone).astimezone(user.zone))

    @property
    def remaining(self) -> int | None:
        """What can still be reserved; None: no limit."""
        return None if self.limit is None else max(0, self.limit - self.used - self.reserved)

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left for any call."""
        return self.remaining == 0

    def as_frame(self) -> BudgetValues:
        return {
            "used": self.used,
            "reserved": self.reserved,
            "limit": self.limit,
            "remaining": self.remaining,
            "resets_at": self.resets_at.isoformat(timespec="seconds"),
        }


class Exhausted(Exception):
    """What is left until ``resets_at`` is too little for this call."""

    def __init__(self, sentence: str, resets_at: datetime.datetime) -> None:
        super().__init__(sentence)
        self.resets_at = resets_at


class BudgetExhausted(Exhausted):
    """Of the person's tokens today."""

    def __init__(self, status: BudgetStatus) -> None:
        super().__init__(f"Only {status.remaining} tokens are left until {status.resets_at}.", status.resets_at)
        self.status = status


class CostExhausted(Exhausted):
    """Of the month's money, which the person shares with a group or the whole site."""

    def __init__(self, month: CostMonth) -> None:
        super().__init__(f"Only {month.left_nano} billionths are left until {month.ends_at}.", month.ends_at)


def status(user: "User", *, now: datetime.datetime | None = None) -> BudgetStatus:
    """What the person has used today and what is left. Two queries; changes nothing."""
    limit = TokenBudget.objects.limit_for(user)
    day = UsageDay.current(user, UsageDay.objects.latest_of(user), now or timezone.now())
    return BudgetStatus.of(user, day, limit)


def reserve(
    user: "User",
    reservation_key: uuid.UUID,
    *,
    input_tokens: int,
    max_output_tokens: int,
    min_output_tokens: int = MIN_OUTPUT_TOKENS,
    prices: Prices | None = None,
    now: datetime.datetime | None = None,
) -> Reservation:
    """Hold ``input_tokens`` and as much of ``max_output_tokens`` as is left, at least ``min_output_tokens``.

    The reservation's ``max_output_tokens`` is the output limit to send upstream. The same key again returns
    the same reservation and holds nothing more. ``prices``: the highest of the models that may answer; what the
    call costs at most is held of the months' cost budgets, too. Raises BudgetExhausted or CostExhausted.
    """
    if input_tokens < 0 or max_output_tokens < 1:
        raise ValueError("A call reads 0 tokens or more and writes 1 or more.")
    wanted = Wanted(input_tokens, min(min_output_tokens, max_output_tokens), max_output_tokens)
    try:
        with transaction.atomic():
            return _hold(user, reservation_key, wanted, prices, now or timezone.now())
    except (IntegrityError, Exhausted):
        # The same key again: what it holds stands, what was done here is rolled back.
        if held := Reservation.objects.filter(pk=reservation_key, user=user).first():
            return held
        raise


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Tokens of a call: those it reads, and how many it must and would like to be able to write."""

    input: int
    least_output: int
    most_output: int

    def within(self, prices: Prices, months: list[CostMonth]) -> "Wanted":
        """As much of it as the months can pay. Raises CostExhausted."""
        poorest = min(months, key=lambda month: month.left_nano)
        affordable = prices.output_within(poorest.left_nano, input_tokens=self.input)
        if affordable is None:
            return self
        if affordable < self.least_output:
            raise CostExhausted(poorest)
        return dataclasses.replace(self, most_output=min(self.most_output, affordable))


def _hold(user: "User", key: uuid.UUID, wanted: Wanted, prices: Prices | None, now: datetime.datetime) -> Reservation:
    limit = TokenBudget.objects.limit_for(user)
    day = UsageDay.objects.open(user, now)
    months = CostMonth.objects.open(user, now) if prices else []
    if prices and months:
        wanted = wanted.within(prices, months)
    amount = _hold_on(day, limit, wanted.input + wanted.least_output, wanted.input + wanted.most_output)
    if amount is None:
        raise BudgetExhausted(BudgetStatus.of(user, day, limit))
    output = amount - wanted.input
    cost = prices.cost_nano(input_tokens=wanted.input, output_tokens=output) if prices else 0
    reservation = Reservation(
        generation_id=key,
        user=user,
        usage_day=day,
        amount=amount,
        max_output_tokens=output,
        cost_amount_nano=cost,
        created_at=now,
    ).store()
    for month in months:
        if not month.hold(cost):
            raise CostExhausted(month)
        reservation.cost_months.add(month)
    return reservation


def _hold_on(day: UsageDay, limit: int | None, least: int, most: int) -> int | None:
    """The amount the day now holds; None when ``least`` does not fit.

    What is left is read first and may be out of date: only the conditional UPDATE decides. Under
    contention the last attempt asks for the least, so that nobody is refused who could be served.
    """
    for attempt in range(ATTEMPTS):
        left = most if limit is None else min(most, day.left(limit))
        if left < least:
            return None
        amount = least if attempt == ATTEMPTS - 1 else left
        if day.hold(amount, limit):
            return amount
        day.refresh_from_db()
    return None
