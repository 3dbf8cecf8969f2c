"""The first admin: a one-time link, printed to whoever runs the server."""

import io

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import SetupLink, User

PASSWORD = "correct horse battery"
ADMIN = {"email": "Ada@Example.org", "password": PASSWORD}

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> str:
    return SetupLink.objects.renew()


def test_the_link_creates_the_first_admin_and_signs_them_in(client: Client, link: str) -> None:
    assert client.get(link).status_code == 200
    assert client.post(link, ADMIN)["Location"] == "/"
    ada = User.objects.get()
    assert (ada.email, ada.is_staff, ada.is_superuser) == ("ada@example.org", True, True)
    assert ada.check_password(PASSWORD)
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_the_admin_can_sign_in_later(client: Client, link: str) -> None:
    Client().post(link, ADMIN)
    response = client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert response["Location"] == "/"


def test_it_works_once(client: Client, link: str) -> None:
    client.post(link, ADMIN)
    again = Client().post(link, ADMIN | {"email": "eve@example.org"})
    assert again.status_code == 404
    assert User.objects.count() == 1


def test_it_is_dead_as_soon_as_there_is_an_admin(client: Client, link: str) -> None:
    User.objects.create_superuser("grace@example.org", PASSWORD)
    assert client.get(link).status_code == 404
    assert client.post(link, ADMIN).status_code == 404
    assert User.objects.count() == 1


def test_a_fresh_link_ends_the_earlier_one(client: Client, link: str) -> None:
    fresh = SetupLink.objects.renew()
    assert client.get(link).status_code == 404
    assert client.get(fresh).status_code == 200


def test_a_guess_is_refused(client: Client, link: str) -> None:
    assert client.get("/accounts/setup/guess/").status_code == 404


def test_only_a_hash_is_kept(link: str) -> None:
    token = link.split("/")[-2]
    assert token not in str(SetupLink.objects.values_list())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "ada", "valid email"),
        ("email", "alice@example.org", "There is an account"),
        ("email", "", "required"),
        ("password", "short", "too short"),
        ("password", "password1", "too common"),
        ("password", "ada@example.org", "too similar"),
        ("password", "", "required"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_leaves_the_link(
    client: Client, alice: User, link: str, field: str, value: str, words: str
) -> None:
    response = client.post(link, ADMIN | {field: value})
    assert words in response.content.decode()
    assert not User.objects.admins().exists()
    assert client.get(link).status_code == 200


def test_signing_up_makes_nobody_an_admin(client: Client) -> None:
    response = client.post("/accounts/signup/", {"email": "eve@example.org", "password1": PASSWORD})
    assert "closed" in response.content.decode()
    assert not User.objects.exists()


def test_the_command_prints_the_link_until_there_is_an_admin(client: Client) -> None:
    printed = io.StringIO()
    call_command("setup_link", stdout=printed)
    link = printed.getvalue().split()[-1]
    assert link.startswith("http://127.0.0.1:8000/accounts/setup/")
    assert client.post(link.removeprefix("http://127.0.0.1:8000"), ADMIN).status_code == 302
    printed.truncate(0)
    call_command("setup_link", stdout=printed)
    assert "setup" not in printed.getvalue()
