"""Random days of the ledger: whatever crashes, is cancelled or lied about, the sums match."""

import datetime
import uuid
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from accounts import budgets
from accounts.models import BudgetRequest, Reservation, TokenBudget, UsageDay, User

ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "No/Such_Zone"]
amounts = st.integers(0, 3000)
RUNS = 1000 if connection.vendor == "sqlite" else 100  # each statement goes to another process there
lies = st.one_of(amounts, st.sampled_from([-1, -(10**40), 10**18, 10**40]))


class Killed(Exception):
    """The process dies: its transaction is never committed."""


class Ledger(RuleBasedStateMachine):
    """One person, their clock, and what must have been charged by now."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.datetime(2026, 10, 24, 20, tzinfo=datetime.UTC)
        self.user = User.objects.create(email=f"{uuid.uuid4()}@example.org")
        self.budget = TokenBudget.objects.create(user=self.user, limit=6000)
        self.held: dict[uuid.UUID, int] = {}
        self.charged: dict[uuid.UUID, int] = {}

    @rule(target=keys)
    def new_key(self) -> uuid.UUID:
        return uuid.uuid4()

    @rule(key=keys, read=amounts, write=st.integers(1, 3000))
    def reserve(self, key: uuid.UUID, read: int, write: int) -> None:
        known = key in self.held or key in self.charged
        left = budgets.status(self.user, now=self.now).remaining
        try:
            reservation = self._reserve(key, read, write)
        except budgets.BudgetExhausted:
            assert not known
            assert left is not None
            assert left < read + min(256, write), "it was refused although it fits"
            return
        if not known:
            assert reservation.max_output_tokens == (write if left is None else min(write, left - read))
            self.held[key] = reservation.amount

    def _reserve(self, key: uuid.UUID, read: int, write: int) -> Reservation:
        return budgets.reserve(self.user, key, input_tokens=read, max_output_tokens=write, now=self.now)

    @rule(key=keys, read=amounts)
    def die_while_reserving(self, key: uuid.UUID, read: int) -> None:
        with suppress(Killed, budgets.BudgetExhausted), transaction.atomic():
            self._reserve(key, read, 10)
            raise Killed

    @rule(key=keys, read=lies, written=lies, cached=lies, dies=st.booleans())
    def settle(self, key: uuid.UUID, read: int, written: int, cached: int, dies: bool) -> None:
        reservation = Reservation.objects.filter(pk=key).first()
        if reservation is None:
            return
        try:
            with transaction.atomic():
                won = reservation.settle(
                    input_tokens=read, output_tokens=written, cached_input_tokens=cached, estimated=False
                )
                if dies:
                    raise Killed
        except Killed:
            return
        assert won == (key in self.held)
        if won:
            amount = self.held.pop(key)
            self.charged[key] = min(amount, min(max(read, 0), amount) + min(max(written, 0), amount))

    @rule(key=consumes(keys))
    def cancel(self, key: uuid.UUID) -> None:
        for reservation in Reservation.objects.filter(pk=key):
            assert reservation.release() == (self.held.pop(key, None) is not None)
            self.charged.setdefault(key, 0)

    @rule()
    def reap(self) -> None:
        """What a crash left behind is not held longer than a minute."""
        for reservation in Reservation.objects.filter(user=self.user).stale(self.now - datetime.timedelta(minutes=1)):
            assert reservation.release()
            del self.held[reservation.pk]
            self.charged[reservation.pk] = 0

    @rule(limit=st.none() | st.integers(0, 10_000))
    def change_the_limit(self, limit: int | None) -> None:
        TokenBudget.objects.filter(pk=self.budget.pk).update(limit=limit)

    @rule(amount=st.integers(1, 2000))
    def grant(self, amount: int) -> None:
        assert BudgetRequest.objects.ask(self.user, "more").grant(amount, by=self.user, now=self.now)

    @rule(minutes=st.integers(1, 30 * 60))
    def wait(self, minutes: int) -> None:
        self.now += datetime.timedelta(minutes=minutes)

    @rule(zone=st.sampled_from(ZONES))
    def travel(self, zone: str) -> None:
        self.user.time_zone = zone
        self.user.save(update_fields=["time_zone"])

    @invariant()
    def the_sums_match(self) -> None:
        days = UsageDay.objects.filter(user=self.user).aggregate(used=Sum("used"), reserved=Sum("reserved"))
        assert (days["used"] or 0, days["reserved"] or 0) == (sum(self.charged.values()), sum(self.held.values()))

    def teardown(self) -> None:
        """On each day as in all of them together."""
        for day in UsageDay.objects.filter(user=self.user):
            mine = Reservation.objects.filter(usage_day=day)
            assert day.used == sum(mine.values_list("settled_amount", flat=True))
            assert day.reserved == sum(mine.held().values_list("amount", flat=True))
            assert day.limit is None or day.used + day.reserved <= day.limit + day.granted


@pytest.mark.django_db
def test_the_sums_match_after_many_random_runs() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=RUNS, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
