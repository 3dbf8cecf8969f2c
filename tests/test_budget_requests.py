"""Asking for more tokens today, and the admin's answer."""

import datetime
import uuid

import pytest

from accounts import budgets
from accounts.models import BudgetRequest, TokenBudget, User

NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
TOMORROW = NOON + datetime.timedelta(days=1)


@pytest.fixture
def request_of_alice(alice: User) -> BudgetRequest:
    TokenBudget.objects.create(user=alice, limit=300)
    return BudgetRequest.objects.ask(alice, "The report is due tonight.")


def test_a_grant_is_on_top_of_the_limit_and_ends_with_the_day(
    alice: User, grace: User, request_of_alice: BudgetRequest
) -> None:
    assert request_of_alice.grant(1000, by=grace, note="Good luck", now=NOON)
    today = budgets.status(alice, now=NOON)
    assert (today.limit, today.remaining) == (1300, 1300)
    held = budgets.reserve(alice, uuid.uuid4(), input_tokens=300, max_output_tokens=1000, now=NOON)
    assert held.max_output_tokens == 1000
    assert budgets.status(alice, now=TOMORROW).limit == 300
    kept = BudgetRequest.objects.get()
    assert (kept.state, kept.amount, kept.decided_by, kept.note) == ("granted", 1000, grace, "Good luck")
    assert kept.usage_day == held.usage_day


def test_asking_again_changes_the_reason_of_the_open_request(alice: User, request_of_alice: BudgetRequest) -> None:
    assert BudgetRequest.objects.ask(alice, "And the slides.") == request_of_alice
    assert BudgetRequest.objects.get().reason == "And the slides."


def test_after_an_answer_one_can_ask_again(alice: User, grace: User, request_of_alice: BudgetRequest) -> None:
    assert request_of_alice.refuse(by=grace, note="Tomorrow.")
    assert BudgetRequest.objects.ask(alice, "Please?") != request_of_alice


def test_a_request_is_decided_once(alice: User, grace: User, request_of_alice: BudgetRequest) -> None:
    again = BudgetRequest.objects.get()
    assert request_of_alice.grant(50, by=grace, now=NOON)
    assert not again.grant(50, by=grace, now=NOON)
    assert not again.refuse(by=grace)
    assert budgets.status(alice, now=NOON).limit == 350


@pytest.mark.parametrize("amount", [0, -1, 10**13])
def test_a_grant_of_nothing_or_of_everything_is_refused(
    grace: User, request_of_alice: BudgetRequest, amount: int
) -> None:
    with pytest.raises(ValueError, match="A grant is from 1"):
        request_of_alice.grant(amount, by=grace)
    assert BudgetRequest.objects.open().exists()
