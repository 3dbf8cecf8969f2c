"""Who must have a second factor, what is closed until they have one, and signing in with it."""

import json
import time

import pytest
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from accounts import factor_secrets
from accounts.models import AuditEntry, User, second_factor
from tests.conftest import PASSWORD
from tests.test_guessing import at_once

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
LOGIN, CODE = "/accounts/login/", "/accounts/2fa/authenticate/"


def code(steps: int = 0) -> str:
    """What an app with the secret shows."""
    counter = int(time.time()) // 30 + steps
    return str(format_hotp_value(hotp_value(SECRET, counter)))


def equip(user: User) -> None:
    TOTP.activate(user, SECRET)


def test_nobody_must_have_one_by_default(as_alice: Client) -> None:
    assert as_alice.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/settings/", "/settings/data/export/", "/settings/usage/"])
def test_who_must_have_one_is_led_to_setting_it_up(as_alice: Client, path: str) -> None:
    User.objects.update(second_factor_required=True)
    response = as_alice.get(path)
    assert (response.status_code, response["Location"]) == (302, "/settings/security/")
    assert "You need a second factor" in as_alice.get("/settings/security/").content.decode()


def test_the_api_says_so_as_json(as_alice: Client) -> None:
    User.objects.update(second_factor_required=True)
    response = as_alice.post("/api/chat", {"prompt": "Hi"}, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


def test_the_admin_site_is_closed_as_well(client: Client, grace: User, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = ["staff"]
    client.force_login(grace)
    assert client.get("/admin/")["Location"] == "/settings/security/"


def test_with_one_everything_is_open(as_alice: Client, alice: User) -> None:
    User.objects.update(second_factor_required=True)
    equip(alice)
    assert as_alice.get("/").status_code == 200


@pytest.mark.parametrize(
    ("required", "lacking"),
    [([], set()), (["everyone"], {"Alice", "Grace"}), (["staff"], {"Grace"}), (["group:Finance"], {"Alice"})],
)
def test_the_setting_names_everyone_staff_or_groups(
    alice: User, grace: User, settings: Settings, required: list[str], lacking: set[str]
) -> None:
    alice.groups.add(Group.objects.create(name="Finance"))
    settings.REQUIRE_SECOND_FACTOR = required
    assert {user.name for user in (alice, grace) if second_factor.lacks_one(user)} == lacking
    assert {user.name for user in second_factor.without_one(User.objects.all())} == lacking


def test_recovery_codes_alone_are_no_second_factor(alice: User) -> None:
    User.objects.update(second_factor_required=True)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x", "used_mask": 0})
    alice.refresh_from_db()
    assert second_factor.lacks_one(alice)


def test_signing_in_asks_for_the_code(client: Client, alice: User) -> None:
    equip(alice)
    response = client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "_auth_user_id" not in client.session
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_a_code_works_once(alice: User) -> None:
    equip(alice)
    shown = code()
    for attempt, expected in ((1, True), (2, False)):
        browser = Client()
        browser.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
        browser.post("/accounts/2fa/authenticate/", {"code": shown})
        assert ("_auth_user_id" in browser.session) is expected, attempt


def test_nor_does_it_work_again_when_the_cache_has_forgotten_it(alice: User) -> None:
    """An app's code is right for a minute and a half; another process, or a later minute, knows nothing of a cache."""
    equip(alice)
    first, later, earlier = code(), code(1), code(-1)
    for shown, expected in ((first, True), (first, False), (earlier, False), (later, True), (first, False)):
        cache.clear()
        browser = with_password()
        browser.post(CODE, {"code": shown})
        assert ("_auth_user_id" in browser.session) is expected, shown
    cache.clear()
    confirming = browser_of(alice)
    confirming.post("/accounts/2fa/reauthenticate/", {"code": later})
    assert confirming.get("/accounts/2fa/webauthn/add/")["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.django_db(transaction=True)
def test_of_many_with_the_same_code_one_gets_in(alice: User) -> None:
    equip(alice)
    shown, browsers = code(), [with_password() for _ in range(8)]

    def enter(number: int) -> bool:
        browsers[number].post(CODE, {"code": shown})
        return "_auth_user_id" in browsers[number].session

    assert sum(at_once(enter, len(browsers))) == 1


def with_password() -> Client:
    browser = Client()
    browser.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    return browser


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def test_who_knows_the_password_cannot_guess_codes_all_day(alice: User) -> None:
    """Five in five minutes would be 1,440 a day, and in a year most likely one that is right."""
    equip(alice)
    [rate] = [
        rate for rate in ratelimit.get_rates(app="allauth.account", action="login_failed") if rate.duration > 3600
    ]
    whose = {"rate": rate, "key": f"mfa-auth-user-{alice.pk}"}
    counted = ratelimit.get_cache_key(
        RequestFactory().post(CODE), app="allauth.account", action="login_failed", **whose
    )
    an_hour_ago = time.time() - 3600
    for tried, expected in ((rate.amount - 1, True), (rate.amount, False)):
        cache.set(counted, [an_hour_ago] * tried)
        browser = with_password()
        browser.post(CODE, {"code": code(tried - rate.amount + 1)})
        assert ("_auth_user_id" in browser.session) is expected, tried


def test_codes_cannot_be_tried_through(client: Client, alice: User) -> None:
    equip(alice)
    client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    page = client.post("/accounts/2fa/authenticate/", {"code": code()}).content
    assert b"Too many failed sign-ins" in page
    assert "_auth_user_id" not in client.session
    assert AuditEntry.objects.filter(action="second_factor.failed", actor=alice.pk).count() == 5


def test_an_app_is_set_up_after_the_password_was_asked_for_again(as_alice: Client, alice: User) -> None:
    assert as_alice.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    as_alice.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = as_alice.get("/accounts/2fa/totp/activate/").content.decode()
    assert "data:image/svg+xml" in page
    counter = next(iter(yield_hotp_counters_from_time()))
    secret = as_alice.session["mfa.totp.secret"]
    response = as_alice.post("/accounts/2fa/totp/activate/", {"code": format_hotp_value(hotp_value(secret, counter))})
    assert response["Location"] == "/accounts/2fa/recovery-codes/"
    assert second_factor.has_one(alice)


def test_who_must_have_one_keeps_the_last(as_alice: Client, alice: User) -> None:
    equip(alice)
    User.objects.update(second_factor_required=True)
    as_alice.post("/accounts/reauthenticate/", {"password": PASSWORD})
    as_alice.post("/accounts/2fa/totp/deactivate/")
    assert second_factor.has_one(alice)
    User.objects.update(second_factor_required=False)
    as_alice.post("/accounts/2fa/totp/deactivate/")
    assert not second_factor.has_one(alice)


@pytest.mark.parametrize("path", ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"])
def test_a_page_left_open_does_not_add_a_second_factor(as_alice: Client, path: str) -> None:
    assert "/accounts/reauthenticate/" in as_alice.post(path, {"code": "000000"})["Location"]


def test_who_has_just_signed_in_is_not_asked_again(client: Client, alice: User) -> None:
    client.post(LOGIN, {"login": "alice@example.org", "password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 301
    session.save()
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")


def test_its_secrets_are_sealed_in_the_database(alice: User) -> None:
    equip(alice)
    RecoveryCodes.activate(alice)
    stored = [json.dumps(row.data) for row in Authenticator.objects.filter(user=alice)]
    assert len(stored) == 2
    assert not any(SECRET in data for data in stored)


def test_a_rotated_secret_key_opens_them_until_they_are_sealed_anew(alice: User, settings: Settings) -> None:
    equip(alice)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one, long enough to be one", [settings.SECRET_KEY]
    assert TOTP(Authenticator.objects.get(user=alice)).validate_code(code())
    factor_secrets.reseal()
    settings.SECRET_KEY_FALLBACKS = []
    cache.clear()  # a code works once
    assert TOTP(Authenticator.objects.get(user=alice)).validate_code(code())


def test_without_its_key_no_code_fits(alice: User, settings: Settings) -> None:
    equip(alice)
    settings.SECRET_KEY = "quite another one, and nothing that opens what was sealed"
    assert not any(TOTP(Authenticator.objects.get(user=alice)).validate_code(code(step)) for step in range(-1, 2))
