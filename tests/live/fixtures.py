"""Fixtures for tests against a live server."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import PostgresServer
from tests.provider_server.server import ProviderServer
from tests.settings import MODE

from .redis import RedisServer
from .server import LiveServer, prepare


class Template:
    """A prepared data folder, copied for each server; on PostgreSQL with a database that is copied, too."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder = folder
        self.people = prepare(folder, database_url=database_url)


@pytest.fixture(scope="session")
def live_template(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Template:
    if MODE == "sqlite":
        return Template(tmp_path_factory.mktemp("template"))
    template: Template = request.getfixturevalue("postgres_template")
    return template


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's PostgreSQL server; one of its own in runs that are not on PostgreSQL anyway."""
    if "PARLEY_TEST_POSTGRES" in os.environ:
        yield PostgresServer(Path(os.environ["PARLEY_TEST_POSTGRES"]))
        return
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """What servers on PostgreSQL are copies of."""
    return Template(tmp_path_factory.mktemp("postgres-template"), postgres.create())


@pytest.fixture
def start_cluster(
    postgres_template: Template, provider: ProviderServer, tmp_path: Path
) -> Iterator[Callable[..., list[LiveServer]]]:
    """Start processes that share a PostgreSQL database and a data folder: ``first, second = start_cluster(2)``."""
    with ExitStack() as stack:

        def start(count: int, **settings: Any) -> list[LiveServer]:
            folder, people = tmp_path / "cluster", postgres_template.people
            settings = {"OPENAI_BASE_URL": provider.openai_url} | settings
            first = LiveServer(postgres_template.folder, people, folder, **settings)
            servers = [first, *(LiveServer(folder, people, folder, **settings) for _ in range(1, count))]
            for server in reversed(servers):
                stack.push(server.__exit__)  # whichever of them has started
            with ThreadPoolExecutor(count) as at_once:
                return list(at_once.map(LiveServer.start, servers))

        yield start


@pytest.fixture(scope="session")
def shared_provider() -> Iterator[ProviderServer]:
    """The provider behind ``serving``."""
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="session")
def server_of(live_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., LiveServer]:
    """A server for tests that share one: ``with server_of(provider, MAX_GENERATIONS=1) as server``."""

    def make(provider: ProviderServer, **settings: Any) -> LiveServer:
        folder = tmp_path_factory.mktemp("live")
        settings = {"OPENAI_BASE_URL": provider.openai_url} | settings
        return LiveServer(live_template.folder, live_template.people, folder, **settings)

    return make


@pytest.fixture(scope="session")
def _shared_server(server_of: Callable[..., LiveServer], shared_provider: ProviderServer) -> Iterator[LiveServer]:
    with server_of(shared_provider) as server:
        yield server


@pytest.fixture
def provider(shared_provider: ProviderServer) -> Iterator[ProviderServer]:
    """The provider behind ``serving``, with nothing left of an earlier test.

    What it offers stays: the servers of other tests would find it, long after this one.
    """
    shared_provider.reset()
    offered = list(shared_provider.models)
    yield shared_provider
    assert shared_provider.models == offered


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
