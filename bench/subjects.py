"""What is measured side by side: Parley as deployed, and the two yardsticks; each one a process with a socket."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

from tests.live.server import ROOT, LiveServer, prepare
from tests.ports import free_port

PEOPLE = [f"person{number}" for number in range(200)]
YARDSTICKS = Path(__file__).parent / "yardsticks"


class Subject(Protocol):
    """``with subject:`` runs it; ``headers(n)`` are the request headers of the n-th socket.

    ``url`` is where its ``/metrics`` are, empty when it has none; ``beside_s`` the CPU seconds of the database's and
    Redis's processes so far.
    """

    name: str
    port: int
    url: str

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    @property
    def pid(self) -> int: ...
    def headers(self, number: int) -> str: ...
    def beside_s(self) -> float: ...


class Parley:
    """Sign-in, budget, journal, database: everything on, and nobody's requests limited but by the machine.

    A setting that is None is as delivered.
    """

    def __init__(
        self,
        provider_url: str,
        database_url: str = "",
        name: str = "Parley",
        beside: Sequence[Callable[[], float]] = (),
        **settings: Any,
    ) -> None:
        self.name = name
        self._beside = beside
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        (folder / "template").mkdir()
        people = prepare(folder / "template", PEOPLE, database_url)
        limits: dict[str, Any] = {
            "MAX_GENERATIONS": 5000,
            "MAX_SOCKETS_PER_USER": 1000,
            "DAILY_TOKEN_BUDGET": 1_000_000_000,
        }
        self.server = LiveServer(
            folder / "template", people, folder / "data", OPENAI_BASE_URL=provider_url + "/v1", **(limits | settings)
        )
        self.port = self.server.port
        self.url = self.server.url

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        return self.server.pid

    def headers(self, number: int) -> str:
        cookies = self.server.cookies(PEOPLE[number % len(PEOPLE)])
        return f"Host: 127.0.0.1:{self.port}\r\nOrigin: {self.server.url}\r\nCookie: {cookies}\r\n"

    def beside_s(self) -> float:
        return sum(process() for process in self._beside)


class Relay:
    """A yardstick, started by its command."""

    url = ""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.port = free_port()
        self._command = [part.replace("PORT", str(self.port)) for part in command]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def headers(self, number: int) -> str:
        return f"Host: 127.0.0.1:{self.port}\r\n"

    def beside_s(self) -> float:
        return 0.0


def tutorial(provider_url: str) -> Relay:
    """Node's ``ws`` and the provider's own SDK; fetched when it is not there."""
    if not (YARDSTICKS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=YARDSTICKS, check=True)
    return Relay("tutorial", ["node", str(YARDSTICKS / "tutorial.mjs"), "PORT", provider_url + "/v1"])


def floor(provider_url: str) -> Relay:
    provider_port = provider_url.rpartition(":")[2]
    return Relay("floor", [sys.executable, "-m", "bench.yardsticks.floor", "PORT", provider_port])
