"""/settings/usage/: what a person used, by their own days."""

import datetime
import re
import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import budgets
from accounts.costs import Prices
from accounts.models import User
from chat.models import Generation
from chat.usage import Usage
from tests.conversations import generated, written

pytestmark = pytest.mark.django_db
PAGE = "/settings/usage/"


def used(user: User, model: str, tokens: int, *, days_ago: int = 0, prices: Prices | None = None) -> None:
    """A settled reservation of so many tokens, half of them read."""
    at = timezone.now() - datetime.timedelta(days=days_ago)
    held = budgets.reserve(user, uuid.uuid4(), input_tokens=tokens, max_output_tokens=tokens, prices=prices, now=at)
    held.settle(
        input_tokens=tokens // 2, output_tokens=tokens - tokens // 2, estimated=False, model=model, prices=prices
    )


def test_tokens_are_shown_by_day_and_model(as_alice: Client, alice: User) -> None:
    used(alice, "small", 300, days_ago=2)
    used(alice, "small", 1000)
    used(alice, "large <b>", 1500)
    page = as_alice.get(PAGE).content.decode()
    assert len(re.findall(r'<rect class="shade-\d" x=', page)) == 3
    assert "2,800" in page
    assert "large &lt;b&gt;" in page
    assert "<desc" in page


def test_bars_stack_up_to_what_the_scale_says(alice: User) -> None:
    used(alice, "small", 500)
    used(alice, "large", 1000)
    usage = Usage.of(alice, 7)
    assert usage.scale == 2000
    assert [bar.tokens for bar in usage.bars] == [0] * 6 + [1500]
    [large, small] = usage.bars[-1].segments
    assert (large.model, large.top, large.height) == ("large", 50, 50)
    assert (small.model, small.top, small.height) == ("small", 25, 25)


@pytest.mark.parametrize(("days", "shown"), [("7", 7), ("30", 30), ("90", 90), ("", 30), ("8", 30), ("x", 30)])
def test_the_time_can_be_chosen(as_alice: Client, alice: User, days: str, shown: int) -> None:
    used(alice, "small", 100)
    assert f'viewBox="0 0 {shown} 100"' in as_alice.get(PAGE, {"days": days}).content.decode()


def test_what_is_older_does_not_count(alice: User) -> None:
    used(alice, "small", 100, days_ago=10)
    assert (Usage.of(alice, 7).tokens, Usage.of(alice, 30).tokens) == (0, 100)


def test_days_are_the_persons_own(alice: User) -> None:
    alice.time_zone = "Pacific/Kiritimati"
    alice.save()
    used(alice, "small", 100)
    today = timezone.now().astimezone(alice.zone).date()
    assert [bar.date for bar in Usage.of(alice, 7).bars if bar.tokens] == [today]


def test_shares_of_what_was_stopped_and_what_failed(as_alice: Client, alice: User) -> None:
    for status in ("completed", "completed", "cancelled", "failed"):
        answer = written(alice, "prompt", "answer").active_leaf
        assert answer is not None
        generated(answer, status=status)
    Generation.objects.filter(status="cancelled").update(created_at=timezone.now() - datetime.timedelta(days=8))
    usage = Usage.of(alice, 7)
    assert (usage.asked, usage.cancelled, usage.failed) == (3, 0, 1)
    assert "33 %" in as_alice.get(PAGE, {"days": "7"}).content.decode()


def test_todays_budget_is_there_with_what_is_held(as_alice: Client, alice: User) -> None:
    used(alice, "small", 1000)
    budgets.reserve(alice, uuid.uuid4(), input_tokens=500, max_output_tokens=500)
    page = as_alice.get(PAGE).content.decode()
    assert "1,000 of 200,000 tokens used, 198,000 left." in page
    assert "1,000 are held for answers being written." in page


def test_costs_are_shown_when_there_are_any(as_alice: Client, alice: User) -> None:
    used(alice, "small", 1000)
    assert "Cost" not in as_alice.get(PAGE).content.decode()
    used(alice, "large", 1000, prices=Prices(input=Decimal(2), cached_input=Decimal(1), output=Decimal(4)))
    assert "0.0030" in as_alice.get(PAGE).content.decode()


def test_a_deleted_conversation_does_not_make_tokens_unspent(alice: User) -> None:
    used(alice, "small", 100)
    alice.conversations.all().delete()
    assert Usage.of(alice, 7).tokens == 100


def test_nobody_sees_what_others_used(as_alice: Client, bob: User) -> None:
    used(bob, "small", 100)
    assert "Nothing was used in this time." in as_alice.get(PAGE).content.decode()


def test_much_use_costs_no_more_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries, as_alice: Client
) -> None:
    for days_ago in (20, 10, 3, 0):
        used(alice, "small", 10, days_ago=days_ago)
        used(alice, "large", 10, days_ago=days_ago)
    with django_assert_num_queries(4):
        Usage.of(alice, 30)
