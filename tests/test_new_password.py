"""A new password ends the API keys of the old one, unless their owner keeps them."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from accounts.models import ApiKey, AuditEntry, User
from tests.conftest import PASSWORD

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CHANGE = "/accounts/password/change/"
NEW = "staple battery horse"
TWICE = {"password1": NEW, "password2": NEW}
FORM = {"oldpassword": PASSWORD, **TWICE}


@pytest.fixture
def keys(alice: User, bob: User) -> Callable[[], list[str]]:
    """The names of those that still open something."""
    for user, name in ((alice, "Script"), (alice, "Old script"), (bob, "Bob's")):
        ApiKey.objects.issue(user, name, "chat")
    return lambda: sorted(ApiKey.objects.alive().values_list("name", flat=True))


def reset_form(address: str) -> str:
    """Where the link of the mail leads."""
    client = Client()
    client.post("/accounts/password/reset/", {"email": address})
    [link] = re.findall(r"http://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    return str(link)


@pytest.mark.django_db
def test_a_changed_password_ends_ones_own_keys(as_alice: Client, keys: Callable[[], list[str]]) -> None:
    assert "Keep my API keys" in as_alice.get(CHANGE).content.decode()
    assert as_alice.post(CHANGE, FORM).status_code == 302
    assert keys() == ["Bob's"]
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 2


@pytest.mark.django_db
def test_keys_may_be_kept(as_alice: Client, keys: Callable[[], list[str]]) -> None:
    as_alice.post(CHANGE, FORM | {"keep_keys": "on"})
    assert keys() == ["Bob's", "Old script", "Script"]


@pytest.mark.django_db
def test_a_password_that_is_not_changed_ends_nothing(as_alice: Client, keys: Callable[[], list[str]]) -> None:
    as_alice.post(CHANGE, FORM | {"oldpassword": "wrong"})
    as_alice.post(CHANGE, FORM | {"password2": "another"})
    assert len(keys()) == 3


@pytest.mark.django_db
def test_who_has_no_keys_is_not_asked(as_alice: Client) -> None:
    assert "Keep my API keys" not in as_alice.get(CHANGE).content.decode()
    assert as_alice.post(CHANGE, FORM).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(("choice", "left"), [({}, 1), ({"keep_keys": "on"}, 3)])
def test_a_reset_password_ends_them_as_well(keys: Callable[[], list[str]], choice: dict[str, str], left: int) -> None:
    client = Client()
    form = client.get(reset_form("alice@example.org"))["Location"]
    assert "Keep my API keys" in client.get(form).content.decode()
    assert client.post(form, TWICE | choice).status_code == 302
    assert len(keys()) == left


@pytest.mark.django_db
def test_a_link_that_is_spent_says_nothing_of_keys(keys: Callable[[], list[str]]) -> None:
    page = Client().get("/accounts/password/reset/key/1-set-password/", follow=True).content.decode()
    assert "Keep my API keys" not in page


@pytest.mark.django_db
def test_so_does_one_that_staff_have_set(
    client: Client, grace: User, alice: User, keys: Callable[[], list[str]]
) -> None:
    client.force_login(grace, backend=BACKEND)
    path = f"/admin/accounts/user/{alice.pk}/password/"
    form = {"usable_password": "true", **TWICE}
    assert client.post(path, form | {"password2": "another"}).status_code == 200
    assert len(keys()) == 3
    assert client.post(path, form).status_code == 302
    assert keys() == ["Bob's"]
    assert set(AuditEntry.objects.filter(action="api_key.revoked").values_list("actor", flat=True)) == {grace.pk}
