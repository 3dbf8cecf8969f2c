"""Fixtures for tests against a live server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.provider_server.server import ProviderServer

from .redis import RedisServer
from .server import LiveServer, prepare


class Template:
    """A prepared data folder, copied for each server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people = prepare(folder)


@pytest.fixture(scope="session")
def live_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def shared_provider() -> Iterator[ProviderServer]:
    """The provider behind ``serving``."""
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="session")
def _shared_server(
    live_template: Template, shared_provider: ProviderServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("live")
    with LiveServer(
        live_template.folder, live_template.people, folder, OPENAI_BASE_URL=shared_provider.openai_url
    ) as server:
        yield server


@pytest.fixture
def provider(shared_provider: ProviderServer) -> ProviderServer:
    """The provider behind ``serving``, with nothing left of an earlier test."""
    shared_provider.reset()
    return shared_provider


@pytest.fixture
def serving(_shared_server: LiveServer) -> LiveServer:
    """A server that tests share because they neither stop it nor fill it."""
    return _shared_server


@pytest.fixture(scope="session")
def daphne_server(
    live_template: Template, shared_provider: ProviderServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The same under ``runserver``, which is Daphne."""
    folder = tmp_path_factory.mktemp("daphne")
    url = shared_provider.openai_url
    with LiveServer(live_template.folder, live_template.people, folder, "runserver", OPENAI_BASE_URL=url) as server:
        yield server


@pytest.fixture
def start_server(
    live_template: Template, provider: ProviderServer, tmp_path: Path
) -> Iterator[Callable[..., LiveServer]]:
    """Start a server of one's own: ``start_server(IDLE_TIMEOUT_S=1)``."""
    with ExitStack() as stack:

        def start(command: str = "serve", **settings: Any) -> LiveServer:
            folder = tmp_path / f"data-{len(list(tmp_path.iterdir()))}"
            settings = {"OPENAI_BASE_URL": provider.openai_url} | settings
            server = LiveServer(live_template.folder, live_template.people, folder, command, **settings)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server
