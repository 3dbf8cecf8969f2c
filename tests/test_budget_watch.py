"""A budget that changed is told within seconds, also to those whom no hint has reached."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from pytest_django import DjangoAssertNumQueries

from accounts import budgets
from accounts.budget_watch import BudgetWatch
from accounts.models import Reservation, TokenBudget, UsageDay, User

from .live.client import signed_in
from .live.server import LiveServer


@pytest.fixture
def watch(alice: User, bob: User) -> BudgetWatch:
    watch = BudgetWatch()
    assert watch.changed_among({alice.pk, bob.pk}) == {alice.pk, bob.pk}  # they have just come
    assert watch.changed_among({alice.pk, bob.pk}) == set()
    return watch


def test_reserving_and_settling_change_ones_own(watch: BudgetWatch, alice: User, bob: User) -> None:
    key = uuid.uuid4()
    budgets.reserve(alice, key, input_tokens=10, max_output_tokens=300)
    assert watch.changed_among({alice.pk, bob.pk}) == {alice.pk}
    Reservation.objects.release(key)
    assert watch.changed_among({alice.pk, bob.pk}) == {alice.pk}
    UsageDay.objects.get(user=alice).grant(5)
    assert watch.changed_among({alice.pk, bob.pk}) == {alice.pk}
    assert watch.changed_among({alice.pk, bob.pk}) == set()


def test_a_limit_may_change_everybodys(watch: BudgetWatch, alice: User, bob: User) -> None:
    budget = TokenBudget.objects.create(group=Group.objects.create(name="many"), limit=5)
    assert watch.changed_among({alice.pk, bob.pk}) == {alice.pk, bob.pk}
    TokenBudget.objects.filter(pk=budget.pk).update(limit=6)
    assert watch.changed_among({alice.pk, bob.pk}) == {alice.pk, bob.pk}


def test_it_costs_two_queries_for_everybody(
    watch: BudgetWatch, alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        watch.changed_among({alice.pk, bob.pk})


async def test_what_only_the_ledger_heard_of_is_told_within_seconds(start_server: Callable[..., LiveServer]) -> None:
    """As by another process whose hint was lost."""
    server = start_server(DAILY_TOKEN_BUDGET=1000)
    async with signed_in(server) as socket:
        await socket.frame("session")
        server.execute(
            'INSERT INTO accounts_tokenbudget (user_id, for_site, "limit") VALUES (?, ?, 500)',
            uuid.UUID(server.people["alice"]["id"]).hex,
            False,
        )
        assert (await socket.frame("budget"))["limit"] == 500
