"""Invitations in the admin: one, or many from a list that is shown first; none gives rights that the inviter lacks."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client

from accounts.models import AuditEntry, Invitation, User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ONE, MANY = "/admin/accounts/invitation/add/", "/admin/invite/"
LIST = "new@example.org,Writers\nalice@example.org\nnot an address\nnew@example.org\nother@example.org,Nobodies\n\n"


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    return client


@pytest.fixture
def as_heidi(db: None) -> Client:
    """Of the staff: may invite, and nothing else."""
    heidi = User.objects.create_user("heidi@example.org", "correct horse battery", is_staff=True)
    names = ["add_invitation", "view_invitation", "delete_invitation"]
    heidi.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(heidi, backend=BACKEND)
    return client


def test_without_mail_the_link_is_shown_once_and_works(as_grace: Client) -> None:
    writers = Group.objects.create(name="Writers")
    page = as_grace.post(ONE, {"email": "New@Example.org", "groups": [writers.pk]}, follow=True).content.decode()
    link = re.search(r"http://[^ <]+/accounts/invitation/[\w-]+/", page)
    assert link, page
    path = "/" + link[0].split("/", 3)[3]
    assert "new@example.org” was added" in page
    assert Client().get(path).status_code == 200
    assert link[0] not in as_grace.get("/admin/accounts/invitation/").content.decode()
    assert [group.name for group in Invitation.objects.get().groups.all()] == ["Writers"]
    assert AuditEntry.objects.filter(action="invitation.made").count() == 1


def test_with_mail_it_is_sent(as_grace: Client, settings: pytest.FixtureRequest) -> None:
    settings.MAIL_IS_SET_UP = True  # type: ignore[attr-defined]
    page = as_grace.post(ONE, {"email": "new@example.org"}, follow=True)
    assert b"Pass this link on" not in page.content
    assert mail.outbox[0].to == ["new@example.org"]


def test_a_second_one_replaces_the_first(as_grace: Client) -> None:
    for _ in range(2):
        as_grace.post(ONE, {"email": "new@example.org"})
    assert Invitation.objects.count() == 1


def test_who_has_an_account_is_not_invited(as_grace: Client, alice: User) -> None:
    assert b"There is an account" in as_grace.post(ONE, {"email": "alice@example.org"}).content
    assert not Invitation.objects.exists()


def test_a_list_is_shown_before_anybody_is_invited(as_grace: Client, alice: User) -> None:
    Group.objects.create(name="Writers")
    page = as_grace.post(MANY, {"addresses": LIST}).content.decode()
    assert not Invitation.objects.exists()
    assert page.count("✓") == 1
    assert page.count("✗") == 4
    assert "Invite 1 person" in page
    as_grace.post(MANY, {"addresses": LIST, "apply": "1"})
    assert [invitation.email for invitation in Invitation.objects.all()] == ["new@example.org"]
    assert Invitation.objects.get().groups.count() == 1


def test_a_hostile_list_is_inert(as_grace: Client) -> None:
    page = as_grace.post(MANY, {"addresses": '"<script>alert(1)</script>","<b>"\n"unclosed\n'})
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


def test_no_invitation_gives_rights_that_the_inviter_lacks(as_heidi: Client) -> None:
    admins = Group.objects.create(name="Admins")
    admins.permissions.add(Permission.objects.get(codename="change_user"))
    page = as_heidi.post(ONE, {"email": "friend@example.org", "groups": [admins.pk]})
    assert page.status_code == 200
    as_heidi.post(MANY, {"addresses": "friend@example.org,Admins", "apply": "1"})
    assert not Invitation.objects.exists()


def test_it_is_for_those_who_may(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(alice, backend=BACKEND)
    assert client.post(ONE, {"email": "friend@example.org"}).status_code == 403
    assert client.post(MANY, {"addresses": "friend@example.org", "apply": "1"}).status_code == 403
    assert not Invitation.objects.exists()
