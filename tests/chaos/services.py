"""What a cluster stands on besides its own files, and the faults that hit it."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg
import redis

from tests.live.redis import RedisServer
from tests.postgres import PostgresServer

from .plan import Kind

ANYWHERE: tuple[Kind, ...] = ("kill", "stop", "term", "cut", "stall", "provider reset", "provider stall")
OF_POSTGRES: tuple[Kind, ...] = ("postgres restart", "postgres terminate")
OF_REDIS: tuple[Kind, ...] = ("redis restart", "redis flush", "redis cut", "redis stop")


class Services(Protocol):
    """``settings``: what the processes are told. ``kinds``: the faults that make sense here."""

    database_url: str
    settings: dict[str, Any]
    kinds: tuple[Kind, ...]

    def strike(self, kind: Kind, lasts_s: float) -> None:
        """Carry out a fault of the database or of Redis; blocking, until it is over."""
        ...


class FilesOnly:
    """One process and SQLite."""

    def __init__(self) -> None:
        self.database_url = ""
        self.settings: dict[str, Any] = {}
        self.kinds = ANYWHERE

    def strike(self, kind: Kind, lasts_s: float) -> None:
        raise ValueError(f"there is nothing that {kind} could hit")


class OnPostgres:
    """Several processes without Redis."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.database_url = postgres.create()
        self.settings: dict[str, Any] = {}
        self.kinds = ANYWHERE + OF_POSTGRES
        self._postgres = postgres

    def strike(self, kind: Kind, lasts_s: float) -> None:
        if kind == "postgres restart":
            self._postgres.stop()
            time.sleep(lasts_s)
            self._postgres.start()
        else:
            with contextlib.suppress(psycopg.OperationalError):  # it is away already
                self._postgres.terminate_backends(self.database_url)


class OnRedis(OnPostgres):
    """Several processes as they should be."""

    def __init__(self, postgres: PostgresServer, server: RedisServer) -> None:
        super().__init__(postgres)
        self.settings = {"REDIS_URL": server.url}
        self.kinds = ANYWHERE + OF_POSTGRES + OF_REDIS
        self._redis = server

    def strike(self, kind: Kind, lasts_s: float) -> None:
        match kind:
            case "redis restart":
                self._redis.kill()
                time.sleep(lasts_s)
                self._redis.start()
            case "redis flush":
                with contextlib.suppress(redis.ConnectionError), self._redis.client as client:
                    client.flushall()
            case "redis cut":
                with contextlib.suppress(redis.ConnectionError):  # it is away already
                    self._redis.cut_connections()
            case "redis stop":
                with self._redis.held_still():
                    time.sleep(lasts_s)
            case _:
                super().strike(kind, lasts_s)


@contextlib.contextmanager
def services_for(name: str, folder: Path) -> Iterator[Services]:
    """Start what a run stands on: ``files``, ``postgres``, or ``redis`` (with PostgreSQL)."""
    with contextlib.ExitStack() as stack:
        if name == "files":
            yield FilesOnly()
            return
        postgres = stack.enter_context(PostgresServer())
        if name == "postgres":
            yield OnPostgres(postgres)
            return
        (folder / "redis").mkdir()
        yield OnRedis(postgres, stack.enter_context(RedisServer(folder / "redis")))
