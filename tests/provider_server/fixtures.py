"""Fixtures for every test that needs a provider: ``pytest_plugins = ["tests.provider_server.fixtures"]``."""

from collections.abc import Iterator

import pytest

from .server import ProviderServer


@pytest.fixture
def provider_server() -> Iterator[ProviderServer]:
    """A fresh provider on its own port, in a thread of its own."""
    with ProviderServer() as server:
        yield server
