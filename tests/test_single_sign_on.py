"""Signing in through an organisation's directory (OpenID Connect): who gets in, as whom, in which groups."""

import html
import re
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.conftest import PASSWORD
from tests.live.keys import issue
from tests.live.server import LiveServer
from tests.oidc_provider import OidcProvider

CHAT = 'data-testid="composer"'
ADA = {"sub": "1", "email": "Ada@corp.example", "email_verified": True, "name": "Ada Lovelace"}


@pytest.fixture
def directory() -> Iterator[OidcProvider]:
    with OidcProvider() as provider:
        yield provider


@pytest.fixture
def site(start_server: Callable[..., LiveServer], directory: OidcProvider) -> Callable[..., LiveServer]:
    def start(**settings: str) -> LiveServer:
        known = {"OIDC_ISSUER": directory.url, "OIDC_CLIENT_ID": "parley", "OIDC_CLIENT_SECRET": "s3cret"}
        server = start_server(**known | {"OIDC_NAME": "Corp"} | settings)
        with server.writing() as execute:
            for name in ("Finance", "Legal"):
                execute("INSERT INTO auth_group (name) VALUES (?)", name)
        return server

    return start


def sign_in(server: LiveServer) -> requests.Response:
    """As a browser does it: the button, the page that leads on, the other site and back."""
    browser = requests.Session()
    page = browser.get(f"{server.url}/accounts/login/", timeout=20).text
    assert "Continue with Corp" in page
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "process": "login"}
    leaving = browser.post(f"{server.url}/accounts/elsewhere/oidc/", form, timeout=20)
    found = re.search(r'content="0;url=([^"]+)"', leaving.text)
    assert found, leaving.text
    return browser.get(html.unescape(found[1]), timeout=20)


def people(server: LiveServer) -> dict[str, tuple[bool, bool, bool, list[str]]]:
    """name → staff, superuser, has a password, groups."""
    rows = server.query("SELECT id, name, is_staff, is_superuser, password FROM accounts_user")
    groups = (
        "SELECT name FROM auth_group JOIN accounts_user_groups ON group_id = auth_group.id WHERE user_id = ? ORDER BY 1"
    )
    return {
        name: (bool(staff), bool(all_), not password.startswith("!"), [group for (group,) in server.query(groups, pk)])
        for pk, name, staff, all_, password in rows
    }


def test_a_closed_site_takes_nobody_new_but_those_who_are_known(
    site: Callable[..., LiveServer], directory: OidcProvider
) -> None:
    server = site()
    directory.person = ADA
    assert "closed" in sign_in(server).text
    assert "Ada Lovelace" not in people(server)
    directory.person = {"sub": "2", "email": "alice@example.org", "email_verified": True, "name": "Other"}
    back = sign_in(server)
    assert CHAT in back.text
    assert set(people(server)) == {"Alice", "Bob", "Grace"}
    assert directory.token_requests[-1]["code_verifier"]


def test_an_address_that_was_not_verified_opens_nobodys_account(
    site: Callable[..., LiveServer], directory: OidcProvider
) -> None:
    server = site(OIDC_SIGNUP="1")
    for claim in ({}, {"email_verified": False}, {"email_verified": ""}):
        directory.person = {"sub": "3", "email": "grace@example.org", "name": "Eve", **claim}
        assert CHAT not in sign_in(server).text
    assert set(people(server)) == {"Alice", "Bob", "Grace"}


def sign_up(server: LiveServer, email: str) -> requests.Session:
    """A browser in which somebody has made an account for an address, without mail that could prove it."""
    browser = requests.Session()
    browser.get(f"{server.url}/accounts/signup/", timeout=20)
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "email": email, "password1": PASSWORD}
    assert CHAT in browser.post(f"{server.url}/accounts/signup/", form, timeout=20).text
    return browser


def test_who_took_an_address_before_its_owner_came_is_out_when_they_come(
    site: Callable[..., LiveServer], directory: OidcProvider
) -> None:
    server = site(SIGNUP="open")
    thief = sign_up(server, "ada@example.org")
    bearer = {"Authorization": f"Bearer {issue(server, 'ada')}"}
    assert requests.get(f"{server.url}/api/me", headers=bearer, timeout=20).status_code == 200
    assert thief.get(f"{server.url}/api/me", timeout=20).status_code == 200
    directory.person = ADA | {"email": "ada@example.org"}
    page = sign_in(server).text
    assert CHAT in page
    assert "This account had been set up without proof that ada@example.org" in page
    assert requests.get(f"{server.url}/api/me", headers=bearer, timeout=20).status_code == 401
    assert thief.get(f"{server.url}/api/me", timeout=20).status_code == 401
    thief.get(f"{server.url}/accounts/login/", timeout=20)
    form = {"csrfmiddlewaretoken": thief.cookies["csrftoken"], "login": "ada@example.org", "password": PASSWORD}
    assert "not correct" in thief.post(f"{server.url}/accounts/login/", form, timeout=20).text
    assert CHAT in sign_in(server).text


def test_who_added_somebodys_address_to_theirs_does_not_catch_them(
    site: Callable[..., LiveServer], directory: OidcProvider
) -> None:
    server = site(SIGNUP="open")
    add = 'INSERT INTO account_emailaddress (email, verified, "primary", user_id) VALUES (?, ?, ?, ?)'
    server.execute(add, "ada@corp.example", False, False, server.people["bob"]["id"].replace("-", ""))
    directory.person = ADA
    assert CHAT in sign_in(server).text
    assert set(people(server)) == {"Alice", "Bob", "Grace", "Ada Lovelace"}


def test_an_address_alone_does_not_open_what_has_a_second_factor(
    site: Callable[..., LiveServer], directory: OidcProvider
) -> None:
    """Nor does it end the password: its owner signs in with both, and connects the other site then."""
    server = site()
    equip = "INSERT INTO mfa_authenticator (type, data, user_id, created_at) VALUES ('totp', '{}', ?, '2026-01-01')"
    server.execute(equip, server.people["alice"]["id"].replace("-", ""))
    directory.person = ADA | {"email": "alice@example.org"}
    assert CHAT not in sign_in(server).text
    assert people(server)["Alice"][2]


def test_groups_and_staff_follow_the_directory(site: Callable[..., LiveServer], directory: OidcProvider) -> None:
    server = site(OIDC_SIGNUP="1", OIDC_GROUPS_CLAIM="groups", OIDC_STAFF_GROUP="Admins")
    directory.person = ADA | {"groups": ["Finance", "Admins", "Unknown here", 7]}
    assert CHAT in sign_in(server).text
    assert people(server)["Ada Lovelace"] == (True, False, False, ["Finance"])
    directory.person = ADA | {"groups": ["Legal"]}
    sign_in(server)
    assert people(server)["Ada Lovelace"] == (False, False, False, ["Legal"])
    directory.person = ADA
    sign_in(server)
    assert people(server)["Ada Lovelace"] == (False, False, False, ["Legal"])


def test_a_domain_that_may_sign_up_may_do_it_this_way_with_a_verified_address(
    site: Callable[..., LiveServer], directory: OidcProvider
) -> None:
    server = site(SIGNUP="domain:corp.example")
    directory.person = ADA | {"email": "eve@other.example", "name": "Eve"}
    assert "closed" in sign_in(server).text
    directory.person = ADA | {"email_verified": False}
    assert "closed" in sign_in(server).text
    directory.person = ADA
    assert CHAT in sign_in(server).text
    assert people(server)["Ada Lovelace"] == (False, False, False, [])


def test_a_directory_that_does_not_answer_is_said_in_words(
    start_server: Callable[..., LiveServer],
) -> None:
    settings = {"OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b"}
    server = start_server(**settings)
    browser = requests.Session()
    browser.get(f"{server.url}/accounts/login/", timeout=20)
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(f"{server.url}/accounts/elsewhere/oidc/", form, timeout=20)
    assert (answer.status_code, "login via your third-party account" in answer.text) == (502, True)
    assert browser.post(f"{server.url}/accounts/elsewhere/google/", form, timeout=20).status_code == 404
