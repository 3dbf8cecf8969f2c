"""The database as one file: taken while it is in use, and put into an empty one."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg.conninfo import make_conninfo

from .database import POSTGRES_PARAMETERS


class CopyFailed(Exception):
    """With the reason as a sentence for the operator."""


def name() -> str:
    """What the copy is called in a backup: it says which kind of database it is of."""
    return "parley.dump" if connection.vendor == "postgresql" else "parley.sqlite3"


def is_empty() -> bool:
    """Whether there is nothing in the database that a restored one would replace."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return True
    tables = connection.introspection.table_names()
    connection.close()
    return not tables


def take(file: Path) -> None:
    """Write the database as it is at one moment to a new file. Raises CopyFailed."""
    if connection.vendor == "postgresql":
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(file), "--dbname")
        return
    source = Path(connection.settings_dict["NAME"])
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as database:
            _copy(database, file)
    except sqlite3.Error as error:
        raise CopyFailed(f"The database {source} cannot be copied ({error}).") from error


def put(file: Path) -> None:
    """Fill the empty database from a copy. Raises CopyFailed."""
    if connection.vendor == "postgresql":
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(file),
             "--dbname")  # fmt: skip
        return
    target = Path(connection.settings_dict["NAME"])
    target.unlink(missing_ok=True)  # a file without a table in it
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            _copy(database, target)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise CopyFailed(f"The database cannot be restored ({error}).") from error


def _copy(database: sqlite3.Connection, file: Path) -> None:
    """SQLite's own backup, which is safe while others write; then a look whether it is whole."""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(file)) as copy:
        database.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without another beside it
        [(verdict,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password is not among what other users can see."""
    described = connection.settings_dict
    known: dict[str, Any] = {key: value for key, value in described["OPTIONS"].items() if key in POSTGRES_PARAMETERS}
    where = make_conninfo(
        dbname=described["NAME"],
        user=described["USER"] or None,
        host=described["HOST"] or None,
        port=described["PORT"] or None,
        **known,
    )
    password = {"PGPASSWORD": described["PASSWORD"]} if described["PASSWORD"] else {}
    try:
        done = subprocess.run(  # noqa: S603 (the operator's own settings)
            [program, *arguments, where], env=os.environ | password, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CopyFailed(f"{program} is not installed: it comes with PostgreSQL's client programs.") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise CopyFailed(f"{program} failed: {last.removeprefix(f'{program}: ').removeprefix('error: ')}")
