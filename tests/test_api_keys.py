"""/settings/keys/ and the keys themselves: shown once, kept as hashes, ended at will."""

import datetime
import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.models.api_key import MAX_KEYS, SHAPE

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/settings/keys/"
NEW = {"name": "Script", "scope": "chat", "days": "90"}


@pytest.fixture
def sure(as_alice: Client, alice: User) -> Client:
    """Alice, who has just said her password again."""
    session = as_alice.session
    record = {"method": "password", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [record]
    session["account_authentication_methods_user"] = str(alice.pk)
    session.save()
    return as_alice


def issued(user: User, scope: str = "chat", expires_at: datetime.datetime | None = None) -> tuple[ApiKey, str]:
    return ApiKey.objects.issue(user, "Script", scope, expires_at)


def test_a_new_key_is_shown_once_and_kept_as_a_hash(sure: Client, alice: User) -> None:
    response = sure.post(PAGE, NEW)
    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    shown = SHAPE.search(response.content.decode())
    assert shown
    key = ApiKey.objects.get()
    assert shown[0] not in "".join(str(value) for value in vars(key).values())
    assert ApiKey.objects.recognise(shown[0]) == key
    assert key.user == alice
    assert key.expires_at
    assert not SHAPE.search(sure.get(PAGE).content.decode())
    assert key.prefix in sure.get(PAGE).content.decode()


def test_making_a_key_asks_for_the_password_again(as_alice: Client) -> None:
    response = as_alice.post(PAGE, NEW)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not ApiKey.objects.exists()
    made = as_alice.post(response["Location"], {"password": PASSWORD})
    assert SHAPE.search(made.content.decode())
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 101}, {"scope": "admin"}, {"scope": ""}, {"days": "7"}])
def test_what_makes_no_sense_makes_no_key(sure: Client, wrong: dict[str, str]) -> None:
    assert sure.post(PAGE, NEW | wrong).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_person_has_only_so_many(sure: Client, alice: User) -> None:
    for _ in range(MAX_KEYS):
        issued(alice)
    assert sure.post(PAGE, NEW).status_code == 422
    assert ApiKey.objects.count() == MAX_KEYS


def test_a_revoked_key_opens_nothing_and_is_not_listed(as_alice: Client, alice: User) -> None:
    key, text = issued(alice)
    assert as_alice.post(f"{PAGE}{key.pk}/revocation/").status_code == 302
    assert ApiKey.objects.recognise(text) is None
    assert key.prefix not in as_alice.get(PAGE).content.decode()
    assert as_alice.post(f"{PAGE}{key.pk}/revocation/").status_code == 404


def test_a_stranger_neither_sees_nor_revokes_it(as_alice: Client, bob: User) -> None:
    key, text = issued(bob)
    assert key.prefix not in as_alice.get(PAGE).content.decode()
    assert as_alice.post(f"{PAGE}{key.pk}/revocation/").status_code == 404
    assert ApiKey.objects.recognise(text) == key


def test_an_expired_key_and_one_of_somebody_deactivated_open_nothing(alice: User) -> None:
    _, old = issued(alice, expires_at=timezone.now() - datetime.timedelta(seconds=1))
    _, text = issued(alice, expires_at=timezone.now() + datetime.timedelta(days=1))
    assert ApiKey.objects.recognise(old) is None
    assert ApiKey.objects.recognise(text)
    User.objects.update(is_active=False)
    assert ApiKey.objects.recognise(text) is None


@pytest.mark.parametrize("near", ["{0}a", "{0} ", "\n{0}", "{1}", "parley_{2}_{3}"])
def test_a_text_that_is_only_like_a_key_opens_nothing(alice: User, near: str) -> None:
    key, text = issued(alice)
    assert ApiKey.objects.recognise(near.format(text, text[:-1], key.prefix, "x" * 43)) is None


def test_what_has_not_the_shape_of_a_key_costs_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert ApiKey.objects.recognise("parley_" + "x" * 100_000) is None
    assert len(queries) == 0


def test_the_last_use_is_written_once_a_minute_at_most(alice: User) -> None:
    key, text = issued(alice)
    assert key.touch()
    again = ApiKey.objects.recognise(text)
    assert again
    with CaptureQueriesContext(connection) as queries:
        assert not again.touch()
    assert len(queries) == 0
    ApiKey.objects.update(last_used_at=timezone.now() - datetime.timedelta(seconds=61))
    found = ApiKey.objects.recognise(text)
    assert found and found.touch()


def test_two_at_the_same_moment_note_one_use(alice: User) -> None:
    key, _ = issued(alice)
    twin = ApiKey.objects.get(pk=key.pk)
    assert key.touch() and not twin.touch()


def test_a_name_is_text_and_nothing_else(as_alice: Client, alice: User) -> None:
    ApiKey.objects.issue(alice, '"><script>alert(1)</script>', "read")
    assert "<script>alert" not in as_alice.get(PAGE).content.decode()


@pytest.mark.parametrize("path", ["/", "/settings/", "/settings/keys/", "/admin/", "/accounts/email/"])
def test_a_key_opens_no_page(client: Client, grace: User, path: str) -> None:
    _, text = issued(grace)
    response = client.get(path, headers={"Authorization": f"Bearer {text}"})
    assert response.status_code == 302
    assert "login" in response["Location"]
