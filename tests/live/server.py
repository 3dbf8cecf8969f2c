"""One ``manage.py serve`` process on a private port, with a data folder of its own."""

import contextlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from tests import postgres
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
READY = "is ready at"
START_TIMEOUT_S = 30
PEOPLE = ("alice", "bob", "grace")
ON_POSTGRES = "database_url"  # a file in the data folder of a server whose database is elsewhere


def environment(data_dir: Path, **settings: Any) -> dict[str, str]:
    """The process's environment: nothing of the machine's own settings, loopback only. None: as delivered."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    defaults = {"AUTO_TITLE": "0", "ENV_FILE": "", "DATA_DIR": str(data_dir), "OLLAMA_URL": "http://127.0.0.1:9"}
    loose = {"MESSAGES_PER_MINUTE": "100000", "DAILY_TOKEN_BUDGET": "", "MAX_GENERATIONS_PER_USER": "200"}
    at = data_dir / ON_POSTGRES
    database = {"DATABASE_URL": at.read_text()} if at.exists() else {}
    shared = {"REDIS_URL": os.environ["PARLEY_TEST_REDIS"]} if "PARLEY_TEST_REDIS" in os.environ else {}
    said = kept | defaults | loose | database | shared | settings
    return {name: str(value) for name, value in said.items() if value is not None}


def prepare(data_dir: Path, names: Sequence[str] = PEOPLE, database_url: str = "") -> dict[str, dict[str, str]]:
    """A migrated database with people in it, in the folder or where the URL says; who they are, by name."""
    if database_url:
        (data_dir / ON_POSTGRES).write_text(database_url)
    command = [sys.executable, "-m", "tests.live.prepare", *names]
    done = subprocess.run(command, cwd=ROOT, env=environment(data_dir), check=True, capture_output=True, text=True)
    people: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return people


class LiveServer:
    """``with LiveServer(template, people, folder, **settings) as server``; it can be killed and started again."""

    def __init__(
        self, template: Path, people: dict[str, dict[str, str]], data_dir: Path, command: str = "serve", **settings: Any
    ) -> None:
        """A template that is the folder itself is shared with whoever else uses it, and so is its database."""
        self._database: str | None = None
        if template != data_dir:
            shutil.copytree(template, data_dir, dirs_exist_ok=True)
            self._copy_database(data_dir / ON_POSTGRES)
        self.data_dir = data_dir
        self.people = people
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output: list[str] = []
        self._command = command
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._database is not None:
            postgres.server_of(self._database).drop(self._database)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, **settings: Any) -> Self:
        """Start and wait until it serves; the settings go over earlier ones. Raises RuntimeError with its output."""
        self._settings |= settings
        ready, said = threading.Event(), len(self.output)
        self._process = subprocess.Popen(
            self.command(self.port),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        # One that ended may not be gone yet: what counts is that it said so.
        if not ready.wait(START_TIMEOUT_S) or not any(self._marker in line for line in self.output[said:]):
            self.kill()
            raise RuntimeError("the server did not start:\n" + "\n".join(self.output))
        return self

    def command(self, port: int) -> list[str]:
        """What starts the process."""
        command = [sys.executable, "manage.py", self._command]
        if self._command == "serve":
            return [*command, "--port", str(port)]
        return [*command, f"127.0.0.1:{port}", "--noreload"]

    def environment(self) -> dict[str, str]:
        """What the process is told."""
        address = {"HOST": "127.0.0.1", "PORT": self.port, "SITE_URL": self.url, "PYTHONUNBUFFERED": "1"}
        return environment(self.data_dir, **(address | self._settings))

    @contextlib.contextmanager
    def no_file_grows(self) -> Iterator[None]:
        """As on a full disk: the kernel refuses the process to write beyond the first byte of any file."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (1, hard))
        try:
            yield
        finally:
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> int:
        """SIGTERM, and wait for the end; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def cookies(self, name: str) -> str:
        """The Cookie header of somebody who is signed in."""
        return f"sessionid={self.people[name]['session']}"

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Look into the database from outside, read-only. UUIDs are their 32 digits."""
        with self.reading() as query:
            return query(sql, *parameters)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """As ``query``, again and again."""
        if self.database_url:
            with postgres.connected(self.database_url) as connection:
                yield lambda sql, *parameters: [
                    tuple(value.hex if isinstance(value, uuid.UUID) else value for value in row)
                    for row in connection.execute(sql.replace("?", "%s").encode(), parameters)
                ]
            return
        path = f"file:{self.data_dir / 'parley.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True, timeout=20)) as database:
            yield lambda sql, *parameters: database.execute(sql, parameters).fetchall()

    def execute(self, sql: str, *parameters: object) -> None:
        """Change something behind the server's back; nobody looks whether it fits."""
        with self.writing() as execute:
            execute(sql, *parameters)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Callable[..., object]]:
        """As ``execute``, for several statements in one transaction."""
        if self.database_url:
            with postgres.connected(self.database_url) as connection, connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
                yield lambda sql, *parameters: connection.execute(sql.replace("?", "%s").encode(), parameters)
            return
        path = self.data_dir / "parley.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as database, database:
            yield lambda sql, *parameters: database.execute(sql, parameters)

    @property
    def database_url(self) -> str:
        """Where its PostgreSQL database is; empty: it uses SQLite."""
        path = self.data_dir / ON_POSTGRES
        return path.read_text() if path.exists() else ""

    def message_text(self, message_id: str) -> str:
        """A message's stored text."""
        [(text,)] = self.query("SELECT text FROM chat_message WHERE id = ?", message_id.replace("-", ""))
        return str(text)

    def _copy_database(self, named_in: Path) -> None:
        if named_in.exists():
            template = named_in.read_text()
            self._database = postgres.server_of(template).create(template)
            named_in.write_text(self._database)

    @property
    def _marker(self) -> str:
        """What it says when it serves."""
        return READY if self._command == "serve" else "Listening on TCP address"

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line.rstrip())
            if self._marker in line:
                ready.set()
        ready.set()
