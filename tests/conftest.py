"""Who is who in every test: Alice owns, Bob is a stranger, Grace is staff."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from accounts.models import User

pytest_plugins = ["tests.provider_server.fixtures", "tests.live.fixtures"]

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Rate limits of one test do not reach the next."""
    cache.clear()


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
    return client
