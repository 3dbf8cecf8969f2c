"""/settings/sessions/: where a person is signed in, and ending it."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.browsers import Browser
from accounts.forgetting import forget_ended_sign_ins
from accounts.models import Invitation, User
from accounts.models.invitation import LIFETIME
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/settings/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
    " Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
    " Edg/138.0.0.0"
)


@pytest.fixture
def phone(alice: User) -> Client:
    """Alice, signed in elsewhere."""
    phone = Client(headers={"User-Agent": IPHONE})
    phone.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
    return phone


def session_of(browser: Client) -> UserSession:
    session: UserSession = UserSession.objects.get(session_key=browser.session.session_key)
    return session


def test_all_are_listed_and_this_one_is_named(as_alice: Client, phone: Client) -> None:
    page = as_alice.get(PAGE).content.decode()
    assert page.count('data-testid="session"') == 2
    assert page.count("data-here") == 1
    assert "Safari on iPhone" in page
    assert "127.0.0.1" in page


def test_one_can_be_ended(as_alice: Client, phone: Client) -> None:
    as_alice.post(f"{PAGE}{session_of(phone).pk}/end/")
    assert phone.get(PAGE)["Location"].startswith("/accounts/login/")
    assert as_alice.get(PAGE).status_code == 200


def test_all_others_can_be_ended(as_alice: Client, phone: Client) -> None:
    as_alice.post(f"{PAGE}others/end/")
    assert phone.get(PAGE)["Location"].startswith("/accounts/login/")
    assert as_alice.get(PAGE).content.decode().count('data-testid="session"') == 1


def test_somebody_elses_looks_like_a_missing_one(phone: Client, bob: User) -> None:
    stranger = Client()
    stranger.force_login(bob)
    assert stranger.post(f"{PAGE}{session_of(phone).pk}/end/").status_code == 404
    assert phone.get(PAGE).status_code == 200


def test_reading_ends_nothing(as_alice: Client, phone: Client) -> None:
    assert as_alice.get(f"{PAGE}{session_of(phone).pk}/end/").status_code == 405
    assert as_alice.get(f"{PAGE}others/end/").status_code == 405


def test_a_hostile_browser_name_is_only_text(alice: User) -> None:
    hostile = Client(headers={"User-Agent": '<script>alert(1)</script>"' * 50})
    hostile.force_login(alice)
    hostile.get("/healthz")
    assert "<script>alert" not in hostile.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.1", "curl on an unknown device"),
        ("", "An unknown browser"),
    ],
)
def test_browsers_are_named_as_people_know_them(agent: str, words: str) -> None:
    assert str(Browser.of(agent)) == words


def test_a_changed_password_ends_the_others_and_not_this_one(as_alice: Client, phone: Client) -> None:
    new = "staple battery horse"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert as_alice.post("/accounts/password/change/", form).status_code == 302
    assert phone.get(PAGE)["Location"].startswith("/accounts/login/")
    assert as_alice.get(PAGE).status_code == 200


def test_what_has_ended_is_forgotten_and_what_lives_is_not(as_alice: Client, phone: Client, grace: User) -> None:
    Invitation.objects.invite("eve@example.org", by=grace)
    forget_ended_sign_ins(timezone.now())
    assert (UserSession.objects.count(), Invitation.objects.count()) == (2, 1)
    Session.objects.filter(session_key=phone.session.session_key).update(expire_date=timezone.now())
    forget_ended_sign_ins(timezone.now() + LIFETIME)
    assert UserSession.objects.get().session_key == as_alice.session.session_key
    assert not Invitation.objects.exists()
    assert as_alice.get(PAGE).status_code == 200
