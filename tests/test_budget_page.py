"""Asking for more on the settings' page, and the answer in the admin site."""

import pytest
from django.test import Client

from accounts import budgets
from accounts.models import BudgetRequest, TokenBudget, User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = "/settings/budget/"


@pytest.fixture
def as_grace(grace: User) -> Client:
    client = Client()
    client.force_login(grace, backend=BACKEND)
    return client


@pytest.fixture
def wish(alice: User) -> BudgetRequest:
    TokenBudget.objects.create(user=alice, limit=300)
    return BudgetRequest.objects.ask(alice, "The report is due tonight.")


def decide(client: Client, wish: BudgetRequest, **fields: object) -> int:
    url = f"/admin/accounts/budgetrequest/{wish.pk}/change/"
    return client.post(url, {"amount": 0, "note": "", **fields}).status_code


def test_a_person_asks_and_sees_their_request(as_alice: Client) -> None:
    assert as_alice.post(PAGE, {"reason": "The report."}).status_code == 302
    page = as_alice.get(PAGE)
    assert b"The report." in page.content
    assert BudgetRequest.objects.open().count() == 1


def test_a_request_needs_a_reason(as_alice: Client) -> None:
    assert as_alice.post(PAGE, {"reason": " "}).status_code == 422
    assert not BudgetRequest.objects.exists()


def test_strangers_requests_are_not_shown(as_alice: Client, bob: User) -> None:
    BudgetRequest.objects.ask(bob, "Bob's secret")
    assert b"secret" not in as_alice.get(PAGE).content


def test_an_admin_grants(as_grace: Client, alice: User, grace: User, wish: BudgetRequest) -> None:
    assert decide(as_grace, wish, decision="grant", amount=1000, note="Good luck") == 302
    wish.refresh_from_db()
    assert (wish.state, wish.amount, wish.note, wish.decided_by) == ("granted", 1000, "Good luck", grace)
    assert budgets.status(alice).limit == 1300


def test_an_admin_refuses(as_grace: Client, alice: User, wish: BudgetRequest) -> None:
    assert decide(as_grace, wish, decision="refuse", note="Tomorrow") == 302
    wish.refresh_from_db()
    assert (wish.state, wish.note) == ("refused", "Tomorrow")
    assert budgets.status(alice).limit == 300


def test_a_grant_needs_an_amount(as_grace: Client, wish: BudgetRequest) -> None:
    assert decide(as_grace, wish, decision="grant") == 200
    wish.refresh_from_db()
    assert wish.state == "open"


def test_what_is_decided_stays(as_grace: Client, grace: User, wish: BudgetRequest) -> None:
    wish.refuse(by=grace)
    assert decide(as_grace, wish, decision="grant", amount=1000) == 403
    assert as_grace.get(f"/admin/accounts/budgetrequest/{wish.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "accounts/tokenbudget", "accounts/costbudget", "accounts/costmonth", "accounts/usageday",
        "accounts/reservation", "accounts/budgetrequest", "chat/languagemodel", "chat/providerlimit",
    ],
)  # fmt: skip
def test_each_list_opens(as_grace: Client, wish: BudgetRequest, name: str) -> None:
    assert as_grace.get(f"/admin/{name}/").status_code == 200


@pytest.mark.parametrize("name", ["usageday", "reservation", "costmonth"])
def test_the_ledger_is_only_read(as_grace: Client, name: str) -> None:
    assert as_grace.get(f"/admin/accounts/{name}/add/").status_code == 403
