"""Guessing passwords, many at once: the limits hold exactly, and honest people get in."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import guessing
from accounts.models import User
from tests.conftest import PASSWORD
from tests.counting_hasher import CountingHasher

T = TypeVar("T")
LOGIN = "/accounts/login/"
WRONG, LIMITED = "not correct", "Too many failed sign-ins"


def at_once(work: Callable[[int], T], count: int) -> list[T]:
    """All of them, as many at a time as there are threads."""

    def one(number: int) -> T:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(one, range(count)))


def guess(address: str, peer: str, forwarded: str = "") -> str:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    client = Client(REMOTE_ADDR=peer, headers=headers)
    page = client.post(LOGIN, {"login": address, "password": "wrong"}).content.decode()
    return next((words for words in (WRONG, LIMITED) if words in page), page)


@pytest.mark.django_db(transaction=True)
def test_one_account_is_tried_five_times_whoever_tries_from_wherever(alice: User) -> None:
    answers = at_once(lambda n: guess("Alice@example.org", f"192.0.2.{n}"), 60)
    assert (answers.count(WRONG), answers.count(LIMITED)) == (5, 55)


@pytest.mark.django_db(transaction=True)
def test_one_address_tries_sixty_times_whatever_it_says_of_itself(alice: User) -> None:
    answers = at_once(lambda n: guess(f"{n}@example.org", "192.0.2.1", f"203.0.113.{n}"), 70)
    assert (answers.count(WRONG), answers.count(LIMITED)) == (60, 10)


@pytest.mark.django_db(transaction=True)
def test_behind_a_proxy_what_it_saw_counts_and_not_what_came_with_it(alice: User, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    answers = at_once(lambda n: guess(f"{n}@example.org", "10.0.0.1", f"203.0.113.{n}, 192.0.2.1"), 65)
    assert (answers.count(WRONG), answers.count(LIMITED)) == (60, 5)


@pytest.mark.django_db
def test_right_passwords_count_for_nothing_and_hide_no_wrong_ones(alice: User) -> None:
    form = {"login": "alice@example.org", "password": PASSWORD}
    for _ in range(4):
        assert guess("alice@example.org", "192.0.2.1") == WRONG
        assert Client(REMOTE_ADDR="192.0.2.1").post(LOGIN, form).status_code == 302
    assert [guess("alice@example.org", "192.0.2.1") for _ in range(2)] == [WRONG, LIMITED]


@pytest.mark.django_db(transaction=True)
def test_no_more_passwords_are_hashed_at_once_than_there_are_cores_to_spare(alice: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.counting_hasher.CountingHasher"]
    CountingHasher.most_at_once = 0
    at_once(lambda n: guess(f"{n}@example.org", f"192.0.2.{n}"), 40)
    assert 0 < CountingHasher.most_at_once <= guessing.HASHES_AT_ONCE


@pytest.mark.django_db
def test_whoever_resets_the_password_does_not_wait(alice: User, settings: Settings) -> None:
    assert [guess("alice@example.org", "192.0.2.1") for _ in range(6)] == [WRONG] * 5 + [LIMITED]
    client = Client()
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    [link] = re.findall(r"http://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    form = client.get(link)["Location"]
    client.post(form, {"password1": "a new horse battery", "password2": "a new horse battery"})
    assert guess("alice@example.org", "192.0.2.2") == WRONG


@pytest.mark.django_db(transaction=True)
def test_fifty_colleagues_behind_one_address_sign_in_at_once() -> None:
    for n in range(50):
        User.objects.create_user(f"colleague{n}@example.org", PASSWORD)

    def sign_in(n: int) -> bool:
        client = Client(REMOTE_ADDR="192.0.2.1")
        client.post(LOGIN, {"login": f"colleague{n}@example.org", "password": PASSWORD})
        return "_auth_user_id" in client.session

    assert all(at_once(sign_in, 50))


@pytest.mark.django_db(transaction=True)
def test_thirty_sign_ups_on_a_fresh_site_make_no_admin(settings: Settings) -> None:
    settings.SIGNUP = "open"

    def sign_up(n: int) -> int:
        form = {"email": f"new{n}@example.org", "password1": PASSWORD, "is_staff": "on", "is_superuser": "on"}
        return Client().post("/accounts/signup/", form).status_code

    assert at_once(sign_up, 30) == [302] * 30
    assert User.objects.count() == 30
    assert not User.objects.filter(is_staff=True).exists()
    assert not User.objects.admins().exists()


@pytest.fixture
def hashes(settings: Settings) -> Callable[[str, dict[str, str]], tuple[int, str]]:
    """How many hashes an answer costs, and where it leads."""
    settings.PASSWORD_HASHERS = ["tests.counting_hasher.CountingHasher"]

    def cost(path: str, form: dict[str, str]) -> tuple[int, str]:
        before = CountingHasher.calls
        response = Client().post(path, form)
        return CountingHasher.calls - before, response.headers.get("Location", "")

    return cost


@pytest.mark.django_db
def test_an_account_that_does_not_exist_takes_as_long_as_one_that_does(
    hashes: Callable[[str, dict[str, str]], tuple[int, str]], alice: User
) -> None:
    known = hashes(LOGIN, {"login": "alice@example.org", "password": "wrong"})
    unknown = hashes(LOGIN, {"login": "nobody@example.org", "password": "wrong"})
    assert known == unknown
    assert known[0] > 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "form"), [("/accounts/signup/", {"password1": PASSWORD}), ("/accounts/password/reset/", {})]
)
def test_with_mail_nobody_learns_who_has_an_account(
    alice: User, settings: Settings, path: str, form: dict[str, str]
) -> None:
    settings.SIGNUP, settings.ACCOUNT_EMAIL_VERIFICATION, settings.MAIL_IS_SET_UP = "open", "mandatory", True
    seen = []
    for address in ("alice@example.org", "nobody@example.org"):
        client = Client()
        response = client.post(path, form | {"email": address})
        page = client.get(response["Location"]).content.decode()
        seen.append((response.status_code, response["Location"], address in page))
    assert seen[0] == seen[1]
    assert sorted(message.to for message in mail.outbox) == [["alice@example.org"], ["nobody@example.org"]]
