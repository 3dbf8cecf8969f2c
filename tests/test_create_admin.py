"""``manage.py create_admin``."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = pytest.mark.django_db


def create_admin(monkeypatch: pytest.MonkeyPatch, email: str, typed: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    out = io.StringIO()
    call_command("create_admin", "--email", email, "--password-stdin", stdout=out)
    return out.getvalue()


def test_creates_an_admin_who_can_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is now an admin" in create_admin(monkeypatch, "Ada@Example.org", "correct horse battery\n")
    ada = User.objects.admins().get()
    assert (ada.email, ada.check_password("correct horse battery")) == ("ada@example.org", True)


def test_a_second_time_changes_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch, grace: User) -> None:
    assert "nothing was changed" in create_admin(monkeypatch, "GRACE@example.org", "another password\n")
    assert not User.objects.get().check_password("another password")


@pytest.mark.parametrize(
    ("email", "typed", "sentence"),
    [
        ("ada", "correct horse battery", "E-mail address: Enter a valid email address."),
        ("alice@example.org", "correct horse battery", "E-mail address: There is an account"),
        ("ada@example.org", "", "Password: This field is required."),
        ("ada@example.org", "12345678", "Password: This password is too common."),
    ],
)
def test_wrong_input_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, alice: User, email: str, typed: str, sentence: str
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        create_admin(monkeypatch, email, typed)
    assert not User.objects.admins().exists()


def test_the_password_is_never_an_argument() -> None:
    with pytest.raises(CommandError, match="--password-stdin"):
        call_command("create_admin", "--email", "ada@example.org")
