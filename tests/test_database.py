"""How the database is set up."""

from pathlib import Path

import pytest
from django.db import connection

from config.database import database
from config.environment import Environment, WrongSetting

FOLDER = Path("/srv/parley #1 100%")


def named(url: str) -> object:
    return database(Environment({"DATABASE_URL": url}), FOLDER)["NAME"]


def test_by_default_it_is_a_file_in_the_data_folder_whatever_that_is_called() -> None:
    assert named("") == FOLDER / "parley.sqlite3"


def test_another_file_can_be_named() -> None:
    assert named("sqlite:////srv/other%20one.sqlite3") == Path("/srv/other one.sqlite3")


@pytest.mark.parametrize("url", ["postgresql://db/parley", "postgres://db/parley", "mysql://db/x", "sqlite://", "x"])
def test_anything_else_is_refused_by_name(url: str) -> None:
    with pytest.raises(WrongSetting, match=r"^DATABASE_URL "):
        named(url)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("busy_timeout", 20_000)]
)
def test_every_connection_is_set_up_for_many_writers(pragma: str, value: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


def test_transactions_take_the_write_lock_at_their_start() -> None:
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False
