"""Signing in and up, and who is asked to."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def test_by_address_and_password(client: Client, alice: User) -> None:
    response = client.post(LOGIN, {"login": "Alice@Example.org", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_wrong_password_says_so_without_saying_which(client: Client, alice: User) -> None:
    wrong = client.post(LOGIN, {"login": "alice@example.org", "password": "wrong"}).content
    nobody = client.post(LOGIN, {"login": "nobody@example.org", "password": "wrong"}).content
    assert b"not correct" in wrong
    assert b"not correct" in nobody


def test_guessing_is_slowed_down(client: Client, alice: User) -> None:
    for _ in range(5):
        client.post(LOGIN, {"login": "alice@example.org", "password": "wrong"})
    response = client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert b"Too many failed sign-ins" in response.content


def test_one_address_of_the_network_cannot_try_everybody(client: Client) -> None:
    for number in range(61):
        response = client.post(LOGIN, {"login": f"nobody{number}@example.org", "password": "wrong"})
    assert b"Too many failed sign-ins" in response.content


def test_nobody_asks_for_ever(client: Client) -> None:
    for _ in range(41):
        response = client.post("/accounts/signup/", {"email": "not an address", "password1": "wrong"})
    assert response.status_code == 429
    assert b"Wait a minute" in response.content


def test_a_deactivated_person_stays_out(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["/settings/", "/accounts/password/change/", "/admin/"])
def test_a_stranger_is_asked_to_sign_in(client: Client, path: str) -> None:
    response = client.get(path, follow=True)
    assert response.redirect_chain[-1][0].startswith(LOGIN)


def test_the_admin_site_is_for_staff(as_alice: Client) -> None:
    assert as_alice.get("/admin/", follow=True).status_code == 403


def test_the_admin_sites_own_sign_in_cannot_be_used_to_go_round_the_limits(client: Client, grace: User) -> None:
    response = client.post("/admin/login/", {"username": "grace@example.org", "password": PASSWORD})
    assert response["Location"].startswith(LOGIN)
    assert "_auth_user_id" not in client.session


def test_the_admin_site_runs_its_own_scripts_and_no_others(client: Client, grace: User) -> None:
    client.force_login(grace)
    policy = client.get("/admin/accounts/user/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"


def test_the_sign_in_page_says_what_a_person_without_a_password_can_do(client: Client) -> None:
    page = client.get(LOGIN).content.decode()
    assert "Ask your admin" in page
    assert "Create an account" not in page


def test_without_mail_nobody_waits_for_a_link(client: Client, settings: Settings) -> None:
    assert "This site sends no mail" in (page := client.get("/accounts/password/reset/").content.decode())
    assert 'name="email"' not in page
    settings.MAIL_IS_SET_UP = True
    assert 'name="email"' in client.get("/accounts/password/reset/").content.decode()


def test_sign_up_is_closed_by_default(client: Client) -> None:
    client.post("/accounts/signup/", {"email": "eve@example.org", "password1": PASSWORD})
    assert not User.objects.exists()


def test_sign_up_can_be_open(client: Client, settings: Settings) -> None:
    settings.SIGNUP = "open"
    client.post("/accounts/signup/", {"email": "Eve@example.org", "password1": PASSWORD})
    assert User.objects.get().email == "eve@example.org"


@pytest.mark.parametrize(("email", "created"), [("eve@b.example", True), ("eve@c.example", False)])
def test_sign_up_can_be_for_some_domains(client: Client, settings: Settings, email: str, created: bool) -> None:
    settings.SIGNUP = "domain:a.example,b.example"
    response = client.post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    assert User.objects.exists() is created
    assert (b"cannot sign up here" in response.content) is not created


def test_two_accounts_never_differ_by_case_alone(alice: User) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        User(email="ALICE@example.org").save()
