"""``manage.py serve``: a real process."""

import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import server

from .live.server import ROOT, environment

COMMAND = [sys.executable, "manage.py", "serve"]


class Site:
    """A running server: where it is, its process and what it printed until it was ready."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.process = process
        self.printed = ""

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if "is ready at" in line:
                return
        raise AssertionError(f"The server ended instead of starting: {self.printed}")

    def rest_of_output(self) -> str:
        """What it prints from now until it ends."""
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextmanager
def serving(data_dir: Path) -> Iterator[Site]:
    """A server on an open socket that it inherits, from an empty folder on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            [*COMMAND, "--migrate", "--fd", str(listening.fileno())],
            cwd=ROOT,
            env=environment(data_dir, SITE_URL=url),
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        site = Site(url, process)
        site.wait_until_ready()
        yield site
    finally:
        process.terminate()
        process.wait(timeout=60)


def refused(data_dir: Path, *arguments: str) -> str:
    """Run a start that fails: what it says, one sentence."""
    ended = subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment(data_dir), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1), ended.stderr
    return ended.stderr


def test_says_when_it_is_ready_and_then_is(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        assert site.printed.endswith(f"Parley is ready at {site.url}\n")
        with urllib.request.urlopen(f"{site.url}/readyz") as response:
            assert response.read() == b"ready\n"
            assert "server" not in response.headers


def test_sigterm_ends_it_in_good_order(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(timeout=60) == 0


def test_a_fresh_link_for_the_first_admin_follows_the_ready_line(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        site.process.terminate()
        assert f"{site.url}/accounts/setup/" in site.rest_of_output()


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused(tmp_path, "--migrate", "--port", str(port))
    assert sentence.startswith(f"HOST and PORT: cannot listen on 127.0.0.1:{port} ")


def test_a_port_that_is_no_number_is_one_sentence(tmp_path: Path) -> None:
    sentence = refused(tmp_path, "--port", "http")
    assert sentence == "PORT must be a whole number from 1 to 65535, not “http”.\n"


def test_a_database_that_is_behind_is_one_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path) == "The database is not up to date: run manage.py migrate first.\n"


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "parley.sqlite3").write_text("not a database, whatever its name says\n" * 100)
    assert refused(tmp_path, "--migrate").startswith("DATABASE_URL: ")


def test_the_database_is_in_wal_mode(tmp_path: Path) -> None:
    with serving(tmp_path), sqlite3.connect(tmp_path / "parley.sqlite3") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_connection_that_reads_nothing_holds_little() -> None:
    with (
        server.listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        # Linux reports twice what was asked for: its own bookkeeping counts.
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * server.SEND_BUFFER_BYTES
