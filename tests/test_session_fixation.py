"""A session that somebody else has planted in a browser is not the one that its owner signs in with."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Invitation, SetupLink, User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def by_password(browser: Client) -> None:
    User.objects.create_user("eve@example.org", PASSWORD)
    browser.post("/accounts/login/", {"login": "eve@example.org", "password": PASSWORD})


def by_signing_up(browser: Client) -> None:
    browser.post("/accounts/signup/", {"email": "eve@example.org", "password1": PASSWORD})


def by_an_invitation(browser: Client) -> None:
    link = Invitation.objects.invite("eve@example.org", by=None)
    browser.post(link.path, {"name": "Eve", "password": PASSWORD})


def by_the_setup_link(browser: Client) -> None:
    browser.post(SetupLink.objects.renew(), {"email": "eve@example.org", "password": PASSWORD})


@pytest.mark.parametrize("sign_in", [by_password, by_signing_up, by_an_invitation, by_the_setup_link])
def test_each_way_in_begins_a_session_of_its_own(settings: Settings, sign_in: Callable[[Client], None]) -> None:
    settings.SIGNUP = "open"
    planted = SessionStore()
    planted["account_user_code"] = "whatever"
    planted.create()
    assert planted.session_key
    victim, thief = Client(), Client()
    for browser in (victim, thief):
        browser.cookies["sessionid"] = planted.session_key
    sign_in(victim)
    assert victim.session["_auth_user_id"] == str(User.objects.get(email="eve@example.org").pk)
    assert victim.cookies["sessionid"].value != planted.session_key
    assert thief.get("/settings/").status_code == 302
    assert not SessionStore(planted.session_key).get("_auth_user_id")
