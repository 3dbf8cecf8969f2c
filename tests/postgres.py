"""A private PostgreSQL server on a socket in a folder of its own, for the tests of what it does to us."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg

from tests.waiting import until

# Nothing of it outlives the run: it need not wait for disks.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "listen_addresses="]
USER = "parley"


class PostgresServer:
    """``with PostgresServer() as server: server.create("name")``; it can be stopped, killed and started again."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: of one that runs already, and that somebody else stops."""
        # Short, for so are the names that sockets may have.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="parley-pg-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        self._own()
        self._run("initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def url(self, name: str) -> str:
        """A database of it, for ``DATABASE_URL``."""
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def start(self) -> Self:
        """Start and wait until it answers."""
        settings = [part for setting in FAST for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            command = self._as_nobody("postgres", "-D", self._data, "-k", str(self.folder), *settings)
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        until(self._answers, "PostgreSQL did not start:\n" + (self.folder / "log").read_text(errors="replace"))
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: a fast shutdown, as when it is restarted; SIGQUIT: as in a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def create(self, template: str | None = None) -> str:
        """The URL of a new database, empty or a copy of another one (by its URL) that nobody is connected to."""
        name = f"parley_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {database_name(template)}" if template else ""))
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {database_name(url)} WITH (FORCE)")

    def execute(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """In the server's own database."""
        return execute(self.url("postgres"), sql, *parameters)

    def terminate_backends(self, url: str) -> int:
        """Cut all connections of a database; how many there were."""
        sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        [(count,)] = self.execute(sql, database_name(url))
        return int(count)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text(errors="replace"))
        with contextlib.suppress(psycopg.OperationalError):
            return bool(self.execute("SELECT 1"))
        return False

    def _own(self) -> None:
        if os.geteuid() == 0:
            owner = _unprivileged()
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_nobody(program, *arguments)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    @staticmethod
    def _as_nobody(program: str, *arguments: str) -> list[str]:
        """PostgreSQL refuses to be run by root."""
        command = [str(_programs() / program), *arguments]
        if os.geteuid() != 0:
            return command
        owner = _unprivileged()
        return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", *command]


@contextlib.contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        yield connection


def execute(url: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement; its rows, if it has any."""
    with connected(url) as connection:
        cursor = connection.execute(sql.encode(), parameters)
        return cursor.fetchall() if cursor.description else []


def server_of(url: str) -> PostgresServer:
    """The running server of a database."""
    return PostgresServer(Path(url.partition("?host=")[2]))


def database_name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL must not be run by root, and there is no user postgres or nobody.")


def _programs() -> Path:
    """Where the server's programs are: the newest that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    if not found:
        raise RuntimeError("The tests need PostgreSQL: install it with this system's package manager (postgresql).")
    return Path(found).parent
