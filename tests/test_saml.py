"""Signing in through a directory that speaks SAML: what it has signed counts, and nothing else."""

import base64
import html
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.live.server import LiveServer
from tests.saml_directory import EMAIL, FAMILY_NAME, GIVEN_NAME, Directory, another_key

ADA = {EMAIL: "Ada@corp.example", GIVEN_NAME: "Ada", FAMILY_NAME: "Lovelace"}
CHAT = 'data-testid="composer"'


@pytest.fixture
def directory() -> Iterator[Directory]:
    with Directory() as directory:
        yield directory


@pytest.fixture
def site(start_server: Callable[..., LiveServer], directory: Directory) -> Callable[..., LiveServer]:
    told = {"SAML_METADATA_URL": directory.metadata_url, "SAML_ENTITY_ID": directory.entity, "SAML_NAME": "Corp"}
    return lambda **settings: start_server(**told | {"SAML_DOMAINS": "corp.example, example.org"} | settings)


def leave(browser: requests.Session, server: LiveServer) -> str:
    """By the button of the sign-in page; the request that the browser carries to the directory."""
    page = browser.get(f"{server.url}/accounts/login/", timeout=20).text
    button = re.search(r'action="(/accounts/elsewhere/[^"]+)"', page)
    assert button
    assert "Continue with Corp" in page
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "process": "login"}
    leaving = browser.post(server.url + button[1], form, timeout=20).text
    found = re.search(r'content="0;url=([^"]+)"', leaving)
    assert found, leaving
    return parse_qs(urlsplit(html.unescape(found[1])).query)["SAMLRequest"][0]


def come_back(browser: requests.Session, server: LiveServer, answer: str) -> str:
    """The page that it leads to. The browser posts from the directory's page, without this site's cookies."""
    back = f"{server.url}/accounts/saml/saml/acs/"
    posted = requests.post(back, {"SAMLResponse": answer}, timeout=20, allow_redirects=False)
    browser.cookies.update(posted.cookies)
    return browser.get(server.url + posted.headers["Location"], timeout=20).text


def sign_in(server: LiveServer, directory: Directory, uid: str = "ada", **attributes: Any) -> str:
    browser = requests.Session()
    answer = directory.answer(leave(browser, server), uid, **(attributes or ADA))
    return come_back(browser, server, answer)


def people(server: LiveServer) -> set[str]:
    return {name for (name,) in server.query("SELECT name FROM accounts_user")}


def test_whoever_the_directory_knows_signs_in_and_comes_again(
    site: Callable[..., LiveServer], directory: Directory
) -> None:
    server = site(SIGNUP="domain:corp.example")
    assert CHAT in sign_in(server, directory)
    assert CHAT in sign_in(server, directory)
    assert people(server) == {"Alice", "Bob", "Grace", "Ada Lovelace"}
    rows = server.query("SELECT email, is_staff, is_superuser FROM accounts_user WHERE name = 'Ada Lovelace'")
    assert rows == [("ada@corp.example", 0, 0)]


def test_a_closed_site_takes_those_it_knows_and_nobody_new(
    site: Callable[..., LiveServer], directory: Directory
) -> None:
    server = site()
    assert "closed" in sign_in(server, directory)
    assert CHAT in sign_in(server, directory, "alice", **{EMAIL: "alice@example.org"})
    assert people(server) == {"Alice", "Bob", "Grace"}


def test_an_address_that_the_directory_does_not_answer_for_opens_nobodys_account(
    site: Callable[..., LiveServer], directory: Directory
) -> None:
    for domains in ("corp.example", ""):
        server = site(SIGNUP="open", SAML_DOMAINS=domains)
        assert CHAT not in sign_in(server, directory, "eve", **{EMAIL: "grace@example.org"})
        assert people(server) == {"Alice", "Bob", "Grace"}


def test_what_is_not_signed_or_by_somebody_else_or_changed_on_its_way_counts_for_nothing(
    site: Callable[..., LiveServer], directory: Directory
) -> None:
    server = site(SIGNUP="open")

    def forged(forge: Callable[[str], str]) -> str:
        browser = requests.Session()
        return come_back(browser, server, forge(leave(browser, server)))

    assert CHAT not in forged(lambda request: directory.answer(request, "ada", signed_with="", **ADA))
    assert CHAT not in forged(lambda request: directory.answer(request, "ada", signed_with=another_key(), **ADA))
    assert CHAT not in forged(lambda request: changed(directory.answer(request, "ada", **ADA)))
    for nonsense in ("", "x", "PHg+", "A" * 100_000):
        browser = requests.Session()
        leave(browser, server)
        assert CHAT not in come_back(browser, server, nonsense)
    assert people(server) == {"Alice", "Bob", "Grace"}
    assert not [line for line in server.output if "Traceback" in line]


def changed(answer: str) -> str:
    text = base64.b64decode(answer)
    assert b"Ada@corp.example" in text
    return base64.b64encode(text.replace(b"Ada@corp.example", b"grace@example.org")).decode()


def test_an_answer_counts_once_and_for_who_asked(site: Callable[..., LiveServer], directory: Directory) -> None:
    server = site(SIGNUP="open")
    browser, other = requests.Session(), requests.Session()
    answer = directory.answer(leave(browser, server), "ada", **ADA)
    assert CHAT not in come_back(other, server, answer)
    assert CHAT in come_back(browser, server, answer)
    again = requests.Session()
    assert CHAT not in come_back(again, server, answer)
