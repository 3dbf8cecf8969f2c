"""One ``manage.py serve`` process on a private port, with a data folder of its own."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
READY = "is ready at"
START_TIMEOUT_S = 30
PEOPLE = ("alice", "bob", "grace")


def environment(data_dir: Path, **settings: Any) -> dict[str, str]:
    """The process's environment: nothing of the machine's own settings, loopback only."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    defaults = {"AUTO_TITLE": "0", "ENV_FILE": "", "DATA_DIR": str(data_dir), "OLLAMA_URL": "http://127.0.0.1:9"}
    loose = {"MESSAGES_PER_MINUTE": "100000", "DAILY_TOKEN_BUDGET": "", "MAX_GENERATIONS_PER_USER": "200"}
    return kept | defaults | loose | {name: str(value) for name, value in settings.items()}


def prepare(data_dir: Path, names: Sequence[str] = PEOPLE) -> dict[str, dict[str, str]]:
    """A migrated database with people in it; who they are, by name."""
    command = [sys.executable, "-m", "tests.live.prepare", *names]
    done = subprocess.run(command, cwd=ROOT, env=environment(data_dir), check=True, capture_output=True, text=True)
    people: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return people


class LiveServer:
    """``with LiveServer(template, people, folder, **settings) as server``; it can be killed and started again."""

    def __init__(
        self, template: Path, people: dict[str, dict[str, str]], data_dir: Path, command: str = "serve", **settings: Any
    ) -> None:
        shutil.copytree(template, data_dir, dirs_exist_ok=True)
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

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, **settings: Any) -> Self:
        """Start and wait until it serves; the settings go over earlier ones. Raises RuntimeError with its output."""
        self._settings |= settings
        ready = threading.Event()
        self._process = subprocess.Popen(
            self.command(self.port),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        if not ready.wait(START_TIMEOUT_S) or self._process.poll() is not None:
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
        """Look into the database from outside, read-only."""
        with sqlite3.connect(f"file:{self.data_dir / 'parley.sqlite3'}?mode=ro", uri=True, timeout=20) as connection:
            return connection.execute(sql, parameters).fetchall()

    def message_text(self, message_id: str) -> str:
        """A message's stored text."""
        [(text,)] = self.query("SELECT text FROM chat_message WHERE id = ?", message_id.replace("-", ""))
        return str(text)

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        marker = READY if self._command == "serve" else "Listening on TCP address"
        for line in process.stdout:
            self.output.append(line.rstrip())
            if marker in line:
                ready.set()
        ready.set()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
