"""Who is who in every test: Alice owns, Bob is a stranger, Grace is staff."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import translation
from pytest_django import DjangoDbBlocker

from accounts import audit_triggers
from accounts.models import User
from accounts.rate_limits import limiter
from chat.models import site_prompt
from chat.moderating import rules

pytest_plugins = ["tests.provider_server.fixtures", "tests.live.fixtures"]

PASSWORD = "correct horse battery"
# Half a minute and more: of two workers neither is to begin one of these when the other has nothing left to do.
LONG = {f"test_{name}.py" for name in ("crash", "takeover", "chaos", "addresses", "redis_failover", "budget_ledger")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers take files in this order."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit are cleaned up after, which the audit log's own guard would refuse."""
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        audit_triggers.remove(apps, editor)


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits and content rules of one test do not reach the next."""
    cache.clear()
    limiter.clear()
    rules.forget()
    site_prompt.forget()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """The language of one test's pages does not reach the next."""
    with translation.override("en"):
        yield


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.org", PASSWORD, name="Alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob@example.org", PASSWORD, name="Bob")


@pytest.fixture
def grace(db: None) -> User:
    return User.objects.create_superuser("grace@example.org", PASSWORD, name="Grace")


@pytest.fixture
def as_alice(alice: User, client: Client) -> Client:
    """A browser in which Alice is signed in."""
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/healthz")  # once a minute a request notes that the session is in use: not one that a test counts
    return client
