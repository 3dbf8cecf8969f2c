"""The ledger under real concurrency: threads with connections of their own, released at the same moment."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connections

from accounts import budgets
from accounts.models import BudgetRequest, Reservation, TokenBudget, UsageDay, User

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


def at_once(count: int, call: Callable[[int], T]) -> list[T]:
    """What ``count`` threads got from it, starting together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> T:
        try:
            barrier.wait(timeout=30)
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def attempt(user: User, key: uuid.UUID | None = None) -> Reservation | None:
    """A call of 1,000 tokens; None when it was refused."""
    try:
        return budgets.reserve(
            user, key or uuid.uuid4(), input_tokens=500, max_output_tokens=500, min_output_tokens=500
        )
    except budgets.BudgetExhausted:
        return None


def test_of_100_at_once_where_3_fit_exactly_3_are_served(alice: User) -> None:
    TokenBudget.objects.create(user=alice, limit=3999)
    served = [reservation for reservation in at_once(100, lambda _: attempt(alice)) if reservation]
    assert len(served) == Reservation.objects.held().count() == 3
    assert (UsageDay.objects.get().reserved, budgets.status(alice).remaining) == (3000, 999)


def test_a_first_request_20_times_at_once_begins_one_day(alice: User) -> None:
    TokenBudget.objects.create(user=alice, limit=1000)
    served = [reservation for reservation in at_once(20, lambda _: attempt(alice)) if reservation]
    assert (len(served), UsageDay.objects.get().reserved) == (1, 1000)


def test_a_first_request_from_many_zones_at_once_begins_one_day(alice: User) -> None:
    zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "UTC"]
    TokenBudget.objects.create(user=alice, limit=1000)

    def from_zone(number: int) -> Reservation | None:
        return attempt(User(pk=alice.pk, time_zone=zones[number % len(zones)]))

    assert len([reservation for reservation in at_once(20, from_zone) if reservation]) == 1
    assert UsageDay.objects.get().reserved == 1000


def test_the_same_key_20_times_at_once_is_one_reservation(alice: User) -> None:
    TokenBudget.objects.create(user=alice, limit=1500)
    key = uuid.uuid4()
    assert {reservation and reservation.pk for reservation in at_once(20, lambda _: attempt(alice, key))} == {key}
    assert UsageDay.objects.get().reserved == 1000


def test_settled_and_released_20_times_at_once_it_ends_once(alice: User) -> None:
    key = uuid.uuid4()
    attempt(alice, key)

    def end(number: int) -> bool:
        if number % 2:
            return Reservation.objects.release(key)
        return Reservation.objects.settle(key, input_tokens=300, output_tokens=number, estimated=False)

    assert at_once(20, end).count(True) == 1
    day, ended = UsageDay.objects.get(), Reservation.objects.get()
    assert (day.reserved, day.used) == (0, ended.settled_amount)


def test_a_request_granted_10_times_at_once_is_granted_once(alice: User, grace: User) -> None:
    TokenBudget.objects.create(user=alice, limit=0)
    wish = BudgetRequest.objects.ask(alice, "more")
    assert at_once(10, lambda _: BudgetRequest.objects.get(pk=wish.pk).grant(70, by=grace)).count(True) == 1
    assert UsageDay.objects.get().granted == 70
