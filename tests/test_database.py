"""How the database is set up."""

import asyncio
import threading
from pathlib import Path

import pytest
from django.db import connection

from chat.database import in_database, in_turn
from config.database import database
from config.environment import Environment, WrongSetting

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own")
FOLDER = Path("/srv/parley #1 100%")


def named(url: str) -> object:
    return database(Environment({"DATABASE_URL": url}), FOLDER)["NAME"]


def test_by_default_it_is_a_file_in_the_data_folder_whatever_that_is_called() -> None:
    assert named("") == FOLDER / "parley.sqlite3"


def test_another_file_can_be_named() -> None:
    assert named("sqlite:////srv/other%20one.sqlite3") == Path("/srv/other one.sqlite3")


def test_a_server_can_be_named_by_host_or_socket() -> None:
    described = database(
        Environment({"DATABASE_URL": "postgresql://me:p%40ss@db.example.org:6432/chat?sslmode=require"}), FOLDER
    )
    known = {name: described[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert known == {"NAME": "chat", "USER": "me", "PASSWORD": "p@ss", "HOST": "db.example.org", "PORT": "6432"}
    assert described["OPTIONS"]["sslmode"] == "require"
    assert "statement_timeout" in described["OPTIONS"]["options"]
    assert described["OPTIONS"]["pool"]["max_size"] == 20
    assert database(Environment({"DATABASE_URL": "postgres:///chat?host=/run/pg"}), FOLDER)["HOST"] == "/run/pg"


def test_behind_pgbouncer_nothing_is_kept_in_a_connection() -> None:
    described = database(Environment({"DATABASE_URL": "postgresql://db/chat?pgbouncer=1"}), FOLDER)
    assert described["DISABLE_SERVER_SIDE_CURSORS"]
    assert not {"pgbouncer", "options"} & described["OPTIONS"].keys()


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://db/x", "sqlite://", "x", "postgresql://db", "postgresql://db/", "postgresql://db/a/b"),
        *("postgresql://db:port/x", "postgresql://[db/x", "postgresql://db/x?optoins=1"),
    ],
)
def test_anything_else_is_refused_by_name(url: str) -> None:
    with pytest.raises(WrongSetting, match=r"^DATABASE_URL "):
        named(url)


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(WrongSetting) as refused:
        named("postgresql://me:secret@db/x?unknown=1")
    assert "secret" not in str(refused.value)


@on_sqlite
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("busy_timeout", 20_000)]
)
def test_every_connection_is_set_up_for_many_writers(pragma: str, value: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


@on_sqlite
def test_transactions_take_the_write_lock_at_their_start() -> None:
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False


@on_sqlite
async def test_answers_begin_one_after_the_other_and_hold_up_nobody_else() -> None:
    running, held = threading.Lock(), threading.Event()

    def begin() -> None:
        assert running.acquire(blocking=False)
        try:
            assert held.wait(30)
        finally:
            running.release()

    turns = [asyncio.ensure_future(in_turn(begin)) for _ in range(4)]
    await asyncio.sleep(0)
    turns[2].cancel()  # its turn is the next one's
    await in_database(held.set)
    assert [type(end) for end in await asyncio.gather(*turns, return_exceptions=True)] == [
        type(None),
        type(None),
        asyncio.CancelledError,
        type(None),
    ]
