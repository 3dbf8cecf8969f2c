"""Invitations: one address, one account, once, for seven days."""

import datetime

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Invitation, User
from accounts.models.invitation import Link
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
EVE = {"name": "Eve", "password": PASSWORD}


@pytest.fixture
def link(grace: User) -> Link:
    link: Link = Invitation.objects.invite("Eve@Example.org", by=grace)
    return link


def test_the_link_makes_an_account_for_its_address_and_signs_in(client: Client, link: Link) -> None:
    assert "eve@example.org" in client.get(link.path).content.decode()
    assert client.post(link.path, EVE)["Location"] == "/"
    eve = User.objects.get(email="eve@example.org")
    assert (eve.name, eve.is_staff, eve.is_superuser) == ("Eve", False, False)
    assert client.session["_auth_user_id"] == str(eve.pk)
    assert EmailAddress.objects.filter(user=eve, verified=True, primary=True).exists()


def test_nobody_chooses_another_address_or_more_rights(client: Client, link: Link) -> None:
    client.post(link.path, EVE | {"email": "x@example.org", "is_staff": "on", "is_superuser": "on", "groups": "1"})
    eve = User.objects.get(name="Eve")
    assert (eve.email, eve.is_staff, eve.is_superuser) == ("eve@example.org", False, False)


def test_the_groups_that_were_chosen_are_joined(client: Client, grace: User) -> None:
    finance, _other = Group.objects.create(name="Finance"), Group.objects.create(name="Other")
    client.post(Invitation.objects.invite("eve@example.org", by=grace, groups=[finance]).path, EVE)
    assert [group.name for group in User.objects.get(name="Eve").groups.all()] == ["Finance"]


def test_it_works_once(client: Client, link: Link) -> None:
    client.post(link.path, EVE)
    assert Client().get(link.path).status_code == 404
    assert Client().post(link.path, EVE).status_code == 404
    assert User.objects.filter(name="Eve").count() == 1


def test_it_ends_after_seven_days(client: Client, link: Link) -> None:
    days = (link.invitation.expires_at - timezone.now()) / datetime.timedelta(days=1)
    assert 6.9 < days <= 7
    Invitation.objects.update(expires_at=timezone.now())
    assert client.post(link.path, EVE).status_code == 404
    assert not User.objects.filter(name="Eve").exists()


def test_another_link_for_the_same_address_ends_the_first(client: Client, link: Link, grace: User) -> None:
    second = link.invitation.renew(by=grace)
    assert client.get(link.path).status_code == 404
    assert client.get(second.path).status_code == 200


def test_what_is_revoked_is_over(client: Client, link: Link) -> None:
    assert link.invitation.revoke()
    assert client.post(link.path, EVE).status_code == 404
    assert not link.invitation.revoke()


def test_who_has_an_account_is_not_invited(alice: User) -> None:
    with pytest.raises(ValidationError, match="There is an account"):
        Invitation.objects.invite("ALICE@example.org", by=None)


def test_an_address_that_got_an_account_meanwhile_gets_no_second_one(client: Client, link: Link) -> None:
    User.objects.create_user("eve@example.org", PASSWORD)
    assert client.post(link.path, EVE).status_code == 404
    assert User.objects.filter(email="eve@example.org").count() == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "password": PASSWORD}, "required"),
        ({"name": "Eve", "password": "password1"}, "too common"),
        ({"name": "Eve", "password": "eve@example.org"}, "too similar"),
    ],
)
def test_what_cannot_be_is_said_and_leaves_the_link(
    client: Client, link: Link, form: dict[str, str], words: str
) -> None:
    response = client.post(link.path, form)
    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert client.get(link.path).status_code == 200


def test_only_a_hash_is_kept(link: Link) -> None:
    assert link.path.split("/")[-2] not in str(Invitation.objects.values_list())


def test_without_mail_the_link_is_the_admins_to_pass_on(link: Link) -> None:
    assert link.send() is False
    assert mail.outbox == []


def test_with_mail_it_goes_to_the_address(link: Link, settings: Settings) -> None:
    settings.MAIL_IS_SET_UP = True
    assert link.send() is True
    [message] = mail.outbox
    assert message.to == ["eve@example.org"]
    assert link.url in message.body


def test_sign_up_stays_closed_to_everybody_else(client: Client, link: Link) -> None:
    client.post("/accounts/signup/", {"email": "eve@example.org", "password1": PASSWORD})
    assert not User.objects.filter(email="eve@example.org").exists()
