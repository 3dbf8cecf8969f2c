"""What a month may cost: for the site, and for a group together."""

import datetime
import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts import budgets
from accounts.costs import NANO_PER_UNIT, Prices
from accounts.models import CostBudget, CostMonth, Reservation, User
from chat.models import LanguageModel

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
NEXT_MONTH = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
PRICES = Prices(Decimal(1), Decimal("0.1"), Decimal(10))  # 1,000 and 1,000 tokens: 0.011


def reserve(user: User, now: datetime.datetime = NOON, output: int = 1000) -> Reservation:
    return budgets.reserve(user, uuid.uuid4(), input_tokens=1000, max_output_tokens=output, prices=PRICES, now=now)


@pytest.fixture
def team(alice: User, bob: User) -> CostBudget:
    """Alice and Bob may spend 0.03 together."""
    group = Group.objects.create(name="Team")
    group.user_set.add(alice, bob)
    return CostBudget.objects.create(group=group, limit=Decimal("0.03"))


def test_what_it_can_cost_is_held_and_what_it_cost_is_charged(alice: User, team: CostBudget) -> None:
    reservation = reserve(alice)
    month = CostMonth.objects.get()
    assert (month.used_nano, month.reserved_nano) == (0, 11_000_000)
    reservation.settle(
        input_tokens=1000, cached_input_tokens=500, output_tokens=100, estimated=False, model="m", prices=PRICES
    )
    month.refresh_from_db()
    assert (month.used_nano, month.reserved_nano) == (1_550_000, 0)
    assert Reservation.objects.get().cost_nano == 1_550_000
    [row] = Reservation.objects.by_day_and_model(alice)
    assert (row["model"], row["answers"], row["tokens"], row["cost"]) == ("m", 1, 1100, 1_550_000)


def test_a_group_shares_its_limit_and_output_shrinks_before_anybody_is_refused(
    alice: User, bob: User, team: CostBudget
) -> None:
    assert reserve(alice).max_output_tokens == reserve(bob).max_output_tokens == 1000
    assert reserve(alice).max_output_tokens == 700
    with pytest.raises(budgets.CostExhausted) as exhausted:
        reserve(bob)
    assert exhausted.value.resets_at == NEXT_MONTH
    month = CostMonth.objects.get()
    assert month.reserved_nano == 30_000_000
    assert Reservation.objects.count() == 3


def test_a_release_gives_it_back(alice: User, team: CostBudget) -> None:
    assert reserve(alice).release()
    assert CostMonth.objects.get().reserved_nano == 0


def test_the_site_has_a_limit_of_its_own(alice: User, grace: User, team: CostBudget) -> None:
    CostBudget.objects.create(for_site=True, limit=Decimal("0.01"))
    reserve(grace)
    with pytest.raises(budgets.CostExhausted):
        reserve(alice)
    assert not CostMonth.objects.filter(budget=team).exists()


def test_a_new_month_has_a_new_limit(alice: User, team: CostBudget) -> None:
    CostBudget.objects.update(limit=Decimal("0.01"))
    reserve(alice)
    with pytest.raises(budgets.CostExhausted):
        reserve(alice, NEXT_MONTH - datetime.timedelta(seconds=1))
    assert reserve(alice, NEXT_MONTH).max_output_tokens == 900


def test_free_models_need_no_money(alice: User, team: CostBudget) -> None:
    CostBudget.objects.update(limit=0)
    assert budgets.reserve(alice, uuid.uuid4(), input_tokens=10, max_output_tokens=10, prices=None)


def test_a_lie_of_the_provider_costs_no_more_than_was_held(alice: User, team: CostBudget) -> None:
    reservation = reserve(alice)
    reservation.settle(input_tokens=10**15, output_tokens=10**15, estimated=False, prices=PRICES)
    month = CostMonth.objects.get()
    assert (month.used_nano, month.reserved_nano) == (11_000_000, 0)
    assert month.used_nano < NANO_PER_UNIT


@pytest.mark.django_db
def test_a_price_is_never_negative() -> None:
    model = LanguageModel(
        name="m", provider="demo", context_window=1000, max_output_tokens=10, output_price=Decimal(-1)
    )
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        model.full_clean()
    with pytest.raises(IntegrityError):
        model.save()


@pytest.mark.django_db
def test_fallbacks_do_not_lead_in_a_circle() -> None:
    make = LanguageModel.objects.create
    first = make(name="first", provider="demo", context_window=1000, max_output_tokens=10)
    second = make(name="second", provider="demo", context_window=1000, max_output_tokens=10, fallback=first)
    first.fallback = second
    with pytest.raises(ValidationError, match="circle"):
        first.full_clean()
