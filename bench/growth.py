"""``python -m bench.growth [MESSAGES …] [--postgres]``: pages and questions at 1, 10 and 100 times the messages.

Each page is asked for over HTTP, of the running server, some times after the first one.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.live.client import open_socket
from tests.live.server import ROOT, LiveServer, environment, prepare
from tests.postgres import PostgresServer

from .processes import cpu_seconds
from .provider import ProviderProcess
from .report import Report
from .site import Site

PART = "growth"
MESSAGES = (10_000, 100_000, 1_000_000)
ROUNDS = 7
ASKS = 30
Figures = dict[str, list[float]]  # of each some, in ms


def main(sizes: list[int], *, on_postgres: bool) -> None:
    report = Report(PART + (" on PostgreSQL" if on_postgres else ""))
    taken: dict[int, Figures] = {}
    with ProviderProcess() as provider, contextlib.ExitStack() as running:
        postgres = running.enter_context(PostgresServer()) if on_postgres else None
        for count in sizes:
            began = time.monotonic()
            with site(provider, count, postgres.create() if postgres else "") as (server, there_is):
                print(f"{count} messages are there after {time.monotonic() - began:.0f} s", flush=True)
                asked = asyncio.run(asking(server, provider))
                taken[count] = asked | requested(server, there_is)
    for what in taken[sizes[0]]:
        report.row(what, {count: taken[count][what] for count in sizes})
    report.save()


@contextlib.contextmanager
def site(provider: ProviderProcess, messages: int, database_url: str) -> Iterator[tuple[LiveServer, Site]]:
    """A server with so many messages, and its pages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = prepare(folder, database_url=database_url)
        command = [sys.executable, "-m", "bench.site", str(messages)]
        env = environment(folder, DJANGO_SETTINGS_MODULE="config.settings")
        done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
        there_is = msgspec.json.decode(done.stdout.splitlines()[-1], type=Site)
        with LiveServer(folder, people, folder, OPENAI_BASE_URL=provider.url + "/v1") as server:
            yield server, there_is


def requested(server: LiveServer, there_is: Site) -> Figures:
    figures = {}
    for who, paths in {"alice": there_is.person, "grace": there_is.admin}.items():
        for what, path in paths.items():
            request = urllib.request.Request(server.url + path, headers={"Cookie": server.cookies(who)})
            figures[what] = [milliseconds(request) for _ in range(ROUNDS + 1)][1:]
    return figures


def milliseconds(request: urllib.request.Request) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300) as response:
        response.read()
    return (time.perf_counter() - began) * 1000


async def asking(server: LiveServer, provider: ProviderProcess) -> Figures:
    """What one question costs after another, each with its answer, and how long its first token takes."""
    provider.reset()
    provider.script(tokens=5)
    socket = await open_socket(server)
    await socket.ended(await socket.generate())
    spent, first = cpu_seconds(server.pid), []
    for _ in range(ASKS):
        asked_at = time.perf_counter()
        reader = await socket.generate()
        await socket.until(lambda reader=reader: reader.text)
        first.append((time.perf_counter() - asked_at) * 1000)
        await socket.ended(reader)
    each = (cpu_seconds(server.pid) - spent) / ASKS * 1000
    await socket.close()
    return {"CPU of an ask and its answer": [each], "from an ask to its first token": first}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=int, nargs="*")
    parser.add_argument("--postgres", action="store_true")
    arguments = parser.parse_args()
    main(arguments.messages or list(MESSAGES), on_postgres=arguments.postgres)
