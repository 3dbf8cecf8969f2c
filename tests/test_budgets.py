"""The ledger, one caller at a time: reserve, settle, release, limits and what the database refuses."""

import datetime
import uuid

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import budgets
from accounts.models import Reservation, TokenBudget, UsageDay, User

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


def limit(user: User, tokens: int | None) -> TokenBudget:
    return TokenBudget.objects.update_or_create(user=user, defaults={"limit": tokens})[0]


def reserve(user: User, read: int = 100, write: int = 1000, at: datetime.datetime = NOON) -> Reservation:
    return budgets.reserve(user, uuid.uuid4(), input_tokens=read, max_output_tokens=write, now=at)


def used_and_reserved(user: User) -> tuple[int, int]:
    status = budgets.status(user, now=NOON)
    return status.used, status.reserved


def test_what_is_reserved_is_charged_as_used_and_the_rest_given_back(alice: User) -> None:
    limit(alice, 5000)
    reservation = reserve(alice)
    assert (reservation.amount, reservation.max_output_tokens) == (1100, 1000)
    assert used_and_reserved(alice) == (0, 1100)
    assert reservation.settle(input_tokens=90, output_tokens=400, estimated=False)
    assert used_and_reserved(alice) == (490, 0)
    stored = Reservation.objects.get(pk=reservation.pk)
    assert (stored.state, stored.settled_amount, stored.estimated) == ("settled", 490, False)


def test_a_release_gives_everything_back(alice: User) -> None:
    reservation = reserve(alice)
    assert Reservation.objects.release(reservation.pk)
    assert used_and_reserved(alice) == (0, 0)


def test_a_reservation_ends_once(alice: User) -> None:
    reservation = reserve(alice)
    assert Reservation.objects.settle(reservation.pk, input_tokens=100, output_tokens=5, estimated=False)
    assert not reservation.settle(input_tokens=100, output_tokens=700, estimated=False)
    assert not reservation.release()
    assert used_and_reserved(alice) == (105, 0)


def test_the_same_key_again_holds_nothing_more(alice: User) -> None:
    limit(alice, 1100)
    first = reserve(alice)
    again = budgets.reserve(alice, first.pk, input_tokens=100, max_output_tokens=1000, now=NOON)
    assert again == first
    assert used_and_reserved(alice) == (0, 1100)


def test_the_key_of_someone_else_is_refused(alice: User, bob: User) -> None:
    key = reserve(alice).pk
    with pytest.raises(IntegrityError):
        budgets.reserve(bob, key, input_tokens=1, max_output_tokens=1)


def test_a_call_without_a_reservation_cannot_be_settled(db: None) -> None:
    with pytest.raises(Reservation.DoesNotExist):
        Reservation.objects.settle(uuid.uuid4(), input_tokens=1, output_tokens=1, estimated=False)


def test_the_output_limit_is_lowered_to_what_is_left(alice: User) -> None:
    limit(alice, 500)
    assert reserve(alice).max_output_tokens == 400


def test_below_256_it_is_refused_instead(alice: User) -> None:
    limit(alice, 100 + 255)
    with pytest.raises(budgets.BudgetExhausted) as refused:
        reserve(alice)
    assert (refused.value.status.remaining, used_and_reserved(alice)) == (355, (0, 0))
    assert reserve(alice, write=200).max_output_tokens == 200


@pytest.mark.parametrize(
    ("read", "written", "cached", "charged"),
    [(100, 50, 0, 150), (10**30, 10**30, 10**30, 1100), (-5, -(10**30), -1, 0), (100, 2000, 0, 1100), (5, 5, 999, 10)],
)
def test_a_lie_of_the_provider_stays_within_the_reservation(
    alice: User, read: int, written: int, cached: int, charged: int
) -> None:
    reservation = reserve(alice)
    reservation.settle(input_tokens=read, output_tokens=written, cached_input_tokens=cached, estimated=False)
    assert used_and_reserved(alice) == (charged, 0)


def test_cached_input_counts_at_its_weight_rounded_up(alice: User, settings: Settings) -> None:
    settings.CACHED_INPUT_PERCENT = 10
    reserve(alice).settle(input_tokens=100, output_tokens=1, cached_input_tokens=81, estimated=False)
    assert used_and_reserved(alice)[0] == 19 + 9 + 1


@pytest.mark.parametrize(("read", "write"), [(-1, 10), (0, 0)])
def test_an_impossible_call_is_a_mistake_of_the_caller(alice: User, read: int, write: int) -> None:
    with pytest.raises(ValueError, match="A call reads"):
        reserve(alice, read, write)


class TestLimits:
    def test_the_setting_holds_when_nothing_else_is_said(self, alice: User, settings: Settings) -> None:
        settings.DAILY_TOKEN_BUDGET = 7
        assert TokenBudget.objects.limit_for(alice) == 7
        settings.DAILY_TOKEN_BUDGET = None
        assert TokenBudget.objects.limit_for(alice) is None

    def test_the_nearest_wins_and_of_groups_the_highest(self, alice: User, bob: User) -> None:
        TokenBudget.objects.create(for_site=True, limit=1000)
        assert TokenBudget.objects.limit_for(alice) == 1000
        for name, tokens in (("a", 20), ("b", 30), ("not hers", 99)):
            TokenBudget.objects.create(group=Group.objects.create(name=name), limit=tokens)
        alice.groups.set(Group.objects.filter(name__in=["a", "b"]))
        assert TokenBudget.objects.limit_for(alice) == 30
        limit(alice, 5)
        assert TokenBudget.objects.limit_for(alice) == 5
        assert TokenBudget.objects.limit_for(bob) == 1000

    def test_a_group_without_limit_is_the_highest(self, alice: User) -> None:
        for tokens in (20, None):
            group = Group.objects.create(name=str(tokens))
            TokenBudget.objects.create(group=group, limit=tokens)
            alice.groups.add(group)
        assert TokenBudget.objects.limit_for(alice) is None

    def test_0_allows_nothing(self, alice: User) -> None:
        limit(alice, 0)
        with pytest.raises(budgets.BudgetExhausted):
            reserve(alice, read=0, write=1)

    def test_without_a_limit_the_use_is_recorded(self, alice: User) -> None:
        limit(alice, None)
        reserve(alice, read=10**9).settle(input_tokens=10**9, output_tokens=1, estimated=True)
        assert budgets.status(alice, now=NOON).as_frame() == {
            "used": 10**9 + 1,
            "reserved": 0,
            "limit": None,
            "remaining": None,
            "resets_at": "2026-11-21T00:00:00+00:00",
        }

    def test_a_limit_lowered_at_noon_refuses_what_comes_next_and_breaks_nothing(self, alice: User) -> None:
        limit(alice, 5000)
        running, ended = reserve(alice), reserve(alice)
        ended.settle(input_tokens=100, output_tokens=1000, estimated=False)
        limit(alice, 10)
        with pytest.raises(budgets.BudgetExhausted):
            reserve(alice, read=0, write=1)
        assert running.settle(input_tokens=100, output_tokens=1000, estimated=False)
        status = budgets.status(alice, now=NOON)
        assert (status.used, status.limit, status.remaining) == (2200, 10, 0)

    def test_a_limit_set_at_noon_counts_what_was_used_before(self, alice: User) -> None:
        limit(alice, None)
        reserve(alice)
        limit(alice, 1500)
        assert reserve(alice).max_output_tokens == 300

    def test_a_budget_is_for_exactly_one(self, alice: User) -> None:
        with pytest.raises(IntegrityError, match="exactly_one"):
            TokenBudget.objects.create(user=alice, for_site=True, limit=1)

    def test_there_is_one_for_the_site(self, db: None) -> None:
        TokenBudget.objects.create(for_site=True, limit=1)
        with pytest.raises(IntegrityError):
            TokenBudget.objects.create(for_site=True, limit=2)


class TestTheDatabaseRefuses:
    @pytest.mark.parametrize(
        "change",
        [{"used": -1}, {"reserved": -1}, {"used": 4000}, {"reserved": F("reserved") + 4000}, {"limit": 1099}],
    )
    def test_a_day_over_its_limit_or_below_nothing(self, alice: User, change: dict[str, int]) -> None:
        limit(alice, 5000)
        reserve(alice)
        with pytest.raises(IntegrityError):
            UsageDay.objects.update(**(change | ({"limit": 3000} if "used" in change else {})))

    def test_a_second_row_for_a_date(self, alice: User) -> None:
        day = reserve(alice).usage_day
        day.pk = None
        with pytest.raises(IntegrityError):
            day.save(force_insert=True)

    @pytest.mark.parametrize(
        "change",
        [
            {"settled_amount": 1101, "state": "settled", "settled_at": NOON},
            {"settled_amount": 1},
            {"state": "released", "settled_amount": 1, "settled_at": NOON},
            {"state": "settled"},
            {"cached_input_tokens": 1},
        ],
    )
    def test_a_reservation_that_does_not_add_up(self, alice: User, change: dict[str, object]) -> None:
        reservation = reserve(alice)
        with pytest.raises(IntegrityError):
            Reservation.objects.filter(pk=reservation.pk).update(**change)


def test_a_hold_is_decided_by_the_database_not_by_what_was_read_before(alice: User) -> None:
    limit(alice, 2000)
    read_before = reserve(alice).usage_day
    reserve(alice, read=0, write=800)
    assert not read_before.hold(500, 2000)
    assert read_before.hold(100, 2000)
    assert used_and_reserved(alice) == (0, 2000)


def test_reservations_left_by_a_crash_are_found_and_released(alice: User) -> None:
    old, new = reserve(alice), reserve(alice, at=NOON + datetime.timedelta(seconds=61))
    stale = Reservation.objects.stale(NOON + datetime.timedelta(seconds=60))
    assert [reservation.release() for reservation in stale] == [True]
    assert (Reservation.objects.held().get(), stale.all().exists()) == (new, False)
    assert not old.release()


def test_a_generation_counts_on_the_day_it_started(alice: User) -> None:
    late = reserve(alice, at=NOON + datetime.timedelta(hours=11, minutes=59))
    tomorrow = NOON + datetime.timedelta(hours=12)
    reserve(alice, at=tomorrow)
    late.settle(input_tokens=1, output_tokens=1, estimated=False)
    assert used_and_reserved(alice)[0] == 0, "it is over: the status is of the newest day"
    assert list(UsageDay.objects.order_by("date").values_list("used", "reserved")) == [(2, 0), (0, 1100)]


def test_the_ledger_asks_little_of_the_database(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    reserve(alice)
    with django_assert_num_queries(2):
        budgets.status(alice, now=NOON)
    with django_assert_num_queries(6):  # two of them are the savepoint
        reservation = reserve(alice)
    with django_assert_num_queries(2):
        reservation.settle(input_tokens=1, output_tokens=1, estimated=False)
