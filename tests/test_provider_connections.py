"""Providers that an admin connects: keys bound to their host, models for groups, changes without a restart."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from accounts.models import User
from chat.models import LanguageModel, ProviderConnection
from config import sealing
from tests.live.admin import AdminBrowser
from tests.live.server import LiveServer
from tests.provider_server import ProviderServer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TABLE = "/admin/chat/providerconnection/"
KEY = "sk-very-secret-1234567890"


def connection(base_url: str = "http://127.0.0.1:9/v1", key: str = KEY) -> ProviderConnection:
    one = ProviderConnection(name="vLLM", kind="openai", base_url=base_url, model_names="llama")
    one.take_key(key)
    one.save()
    return one


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    return client


# ── the key ──


@pytest.mark.django_db
def test_the_key_is_sealed_in_the_database() -> None:
    one = connection()
    assert KEY not in one.sealed_key
    assert ProviderConnection.objects.get().key == KEY


@pytest.mark.django_db
def test_at_another_address_there_is_no_key() -> None:
    connection()
    ProviderConnection.objects.update(base_url="http://127.0.0.1:9.evil.example/v1")  # whoever wrote that
    assert ProviderConnection.objects.get().key == ""
    ProviderConnection.objects.update(base_url="https://127.0.0.1:9/v1")
    assert ProviderConnection.objects.get().key == ""


@pytest.mark.django_db
def test_it_outlives_a_rotation_of_the_secret_key(settings: Any) -> None:
    one = connection()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 10
    one.reseal()
    settings.SECRET_KEY_FALLBACKS = []
    assert ProviderConnection.objects.get().key == KEY
    settings.SECRET_KEY = "a third one" * 10
    assert ProviderConnection.objects.get().key == ""


def test_what_was_tampered_with_is_not_unsealed() -> None:
    sealed = sealing.seal("words")
    assert sealing.unseal(sealed) == "words"
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(sealed[:-8] + "AAAAAAA=")


def test_no_page_shows_it(as_grace: Client) -> None:
    one = connection()
    for page in (TABLE, f"{TABLE}{one.pk}/change/", f"{TABLE}{one.pk}/test/", f"{TABLE}{one.pk}/history/"):
        answer = as_grace.get(page)
        assert answer.status_code == 200
        assert KEY not in answer.content.decode()
        assert one.sealed_key not in answer.content.decode()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "http://user:pw@host/", "http://", "https://a/?key=1"]
)
def test_wrong_addresses_are_refused(as_grace: Client, url: str) -> None:
    page = as_grace.post(f"{TABLE}add/", {"name": "x", "kind": "openai", "base_url": url})
    assert "full http:// or https:// address" in page.content.decode()
    assert not ProviderConnection.objects.exists()


def test_a_new_address_asks_for_the_key_again(as_grace: Client) -> None:
    one = connection()
    url = f"{TABLE}{one.pk}/change/"
    moved = {"name": "vLLM", "kind": "openai", "base_url": "http://127.0.0.1:10/v1", "enabled": "on"}
    page = as_grace.post(url, moved)
    assert "The stored key is for http://127.0.0.1:9" in page.content.decode()
    one.refresh_from_db()
    assert one.base_url.endswith(":9/v1")
    assert as_grace.post(url, moved | {"model_names": "llama", "forget_key": "on"}).status_code == 302
    one.refresh_from_db()
    assert (one.sealed_key, one.revision) == ("", 2)


def test_staff_without_the_permission_have_no_such_page(client: Client, alice: User) -> None:
    one = connection()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.add(Permission.objects.get(codename="view_languagemodel"))
    client.force_login(alice, backend=BACKEND)
    assert client.get(TABLE).status_code == 403
    assert client.post(f"{TABLE}{one.pk}/test/").status_code == 404
    assert client.post(f"{TABLE}{one.pk}/change/", {"name": "mine"}).status_code == 403


# ── whom models are for ──


@pytest.mark.django_db
def test_a_model_for_a_group_is_for_nobody_else(alice: User, bob: User) -> None:
    group = Group.objects.create(name="Writers")
    alice.groups.add(group)
    model = LanguageModel.objects.create(name="m", provider="demo", context_window=9000, max_output_tokens=100)
    assert LanguageModel.objects.choose(bob, "m") == model
    model.groups.add(group, Group.objects.create(name="Others"))
    assert list(LanguageModel.objects.visible_to(alice)) == [model]
    assert LanguageModel.objects.choose(bob, "m") is None
    assert LanguageModel.objects.choose(None, "m") is None


@pytest.mark.django_db
def test_models_of_a_connection_that_is_off_are_not_there(alice: User) -> None:
    one = connection()
    model = LanguageModel.objects.create(
        name="m", provider="openai", connection=one, context_window=9000, max_output_tokens=100
    )
    assert LanguageModel.objects.choose(alice, "m") == model
    ProviderConnection.objects.update(enabled=False)
    assert LanguageModel.objects.choose(alice, "m") is None
    assert not LanguageModel.objects.get().usable


# ── in a running server ──


@pytest.fixture
def provider(provider_server: ProviderServer) -> ProviderServer:
    """One of the test's own: what it offers changes, and the servers of other tests must not find that."""
    return provider_server


@pytest.fixture
def grace_at(start_server: Callable[..., LiveServer]) -> AdminBrowser:
    """Grace's browser at a server without any provider in its environment."""
    return AdminBrowser(start_server(OPENAI_BASE_URL=""))


def test_a_connection_serves_at_once_and_its_key_goes_to_its_host_alone(
    grace_at: AdminBrowser, provider: ProviderServer
) -> None:
    provider.models = ["alpha", "beta"]
    fields = {"name": "Mine", "kind": "openai", "base_url": provider.openai_url, "enabled": "on", "new_key": KEY}
    page = grace_at.submit(f"{TABLE}add/", **fields)
    assert "2 models are offered." in page
    verdict = grace_at.submit(f"{TABLE}1/test/")
    assert "sent its first token after" in verdict
    assert KEY not in page + verdict
    assert "alpha" in grace_at.get("/")
    seen = [*provider.requests, *provider.lookups]
    assert {request.headers.get("authorization") for request in seen} == {f"Bearer {KEY}"}


def test_a_test_says_what_fails(grace_at: AdminBrowser) -> None:
    grace_at.submit(f"{TABLE}add/", name="Dead", kind="openai", base_url="http://127.0.0.1:9/v1", enabled="on")
    verdict = grace_at.submit(f"{TABLE}1/test/")
    assert "It does not work." in verdict
    assert "The provider could not be reached." in verdict


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "The provider did not accept this site's key; an admin has to look at it."),
        (429, "The provider asks to slow down; try again in a moment."),
        (500, "The provider could not answer."),
    ],
)
def test_a_test_says_it_in_the_admins_own_language(
    as_grace: Client, provider: ProviderServer, status: int, sentence: str
) -> None:
    one = connection(provider.openai_url)
    provider.script(status=status, error_message="Incorrect API key provided")
    page = as_grace.post(f"{TABLE}{one.pk}/test/", headers={"Accept-Language": "de"}).content.decode()
    with translation.override("de"):
        said = gettext(sentence)
    assert said != sentence
    assert escape(said) in page
    assert "Incorrect" not in page
