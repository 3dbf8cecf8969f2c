"""What goes out by mail: proving an address, a forgotten password; and what is said when mail cannot leave."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
SIGN_UP = {"email": "eve@example.org", "password1": PASSWORD}


@pytest.fixture(autouse=True)
def _with_mail(settings: Settings) -> None:
    settings.MAIL_IS_SET_UP, settings.ACCOUNT_EMAIL_VERIFICATION, settings.SIGNUP = True, "mandatory", "open"


def link_in_the_mail() -> str:
    found = re.search(r"http://[^/]+(/accounts/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_an_address_is_proved_before_anybody_is_in(client: Client) -> None:
    client.post("/accounts/signup/", SIGN_UP)
    assert "_auth_user_id" not in client.session
    stranger = Client()
    stranger.post("/accounts/login/", {"login": "eve@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session
    client.post(link_in_the_mail())
    assert EmailAddress.objects.get().verified
    stranger.post("/accounts/login/", {"login": "eve@example.org", "password": PASSWORD})
    assert stranger.session["_auth_user_id"] == str(User.objects.get().pk)


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: Client, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    link = link_in_the_mail()
    form = {"password1": "staple battery horse", "password2": "staple battery horse"}
    client.post(client.get(link)["Location"], form)
    alice.refresh_from_db()
    assert alice.check_password("staple battery horse")
    assert b"invalid" in Client().get(link, follow=True).content


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/signup/", SIGN_UP),
        ("/accounts/signup/", SIGN_UP | {"email": "alice@example.org"}),
        ("/accounts/password/reset/", {"email": "alice@example.org"}),
        ("/accounts/password/reset/", {"email": "nobody@example.org"}),
    ],
)
def test_a_mail_server_that_is_away_is_said_the_same_to_everybody(
    client: Client, alice: User, settings: Settings, path: str, form: dict[str, str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    response = client.post(path, form)
    assert (response.status_code, "could not be sent" in response.content.decode()) == (503, True)


def test_what_is_done_stays_done_when_only_the_note_about_it_cannot_be_sent(
    as_alice: Client, alice: User, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    new = "staple battery horse"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert as_alice.post("/accounts/password/change/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(new)
