"""``python -m bench.growth [MESSAGES …] [--postgres]``: pages and questions at 1, 10 and 100 times the messages.

Each page is asked for over HTTP, of servers that run side by side, some times after the first one.
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
ROUNDS = 9
ASKS = 30
Running = tuple[LiveServer, Site]
Sites = dict[int, Running]  # by their messages
Figures = dict[int, list[float]]  # some at each site, in ms


def main(sizes: list[int], *, on_postgres: bool) -> None:
    report = Report(PART + (" on PostgreSQL" if on_postgres else ""))
    with ProviderProcess() as provider, contextlib.ExitStack() as running:
        postgres = running.enter_context(PostgresServer()) if on_postgres else None
        sites = {}
        for count in sizes:
            began = time.monotonic()
            sites[count] = running.enter_context(site(provider, count, postgres.create() if postgres else ""))
            print(f"{count} messages are there after {time.monotonic() - began:.0f} s", flush=True)
        for what, taken in asyncio.run(asking(sites, provider)).items():
            report.row(what, taken)
        for what in pages(sites[sizes[0]]):
            report.row(what, requested(sites, what))
    report.save()


@contextlib.contextmanager
def site(provider: ProviderProcess, messages: int, database_url: str) -> Iterator[Running]:
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


def pages(site: Running) -> list[str]:
    return [*site[1].person, *site[1].admin]


def requested(sites: Sites, what: str) -> Figures:
    """Milliseconds of some requests for a page, at each site in turn."""
    requests = {}
    for count, (server, there_is) in sites.items():
        path = there_is.person.get(what) or there_is.admin[what]
        cookies = server.cookies("alice" if what in there_is.person else "grace")
        requests[count] = urllib.request.Request(server.url + path, headers={"Cookie": cookies})
    figures: Figures = {count: [] for count in sites}
    for number in range(ROUNDS + 1):
        for count, request in requests.items():
            taken = milliseconds(request)
            figures[count] += [taken] if number else []  # the first one is for free
    return figures


def milliseconds(request: urllib.request.Request) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300) as response:
        response.read()
    return (time.perf_counter() - began) * 1000


async def asking(sites: Sites, provider: ProviderProcess) -> dict[str, Figures]:
    """What one question costs after another, each with its answer, and how long its first token takes."""
    provider.reset()
    provider.script(tokens=5)
    sockets = {count: await open_socket(server) for count, (server, _) in sites.items()}
    for socket in sockets.values():
        await socket.ended(await socket.generate())
    spent = {count: cpu_seconds(server.pid) for count, (server, _) in sites.items()}
    first: Figures = {count: [] for count in sites}
    for _ in range(ASKS):
        for count, socket in sockets.items():
            asked_at = time.perf_counter()
            reader = await socket.generate()
            await socket.until(lambda reader=reader: reader.text)
            first[count].append((time.perf_counter() - asked_at) * 1000)
            await socket.ended(reader)
    each = {count: [(cpu_seconds(server.pid) - spent[count]) / ASKS * 1000] for count, (server, _) in sites.items()}
    for socket in sockets.values():
        await socket.close()
    return {"CPU of an ask and its answer": each, "from an ask to its first token": first}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=int, nargs="*")
    parser.add_argument("--postgres", action="store_true")
    arguments = parser.parse_args()
    main(arguments.messages or list(MESSAGES), on_postgres=arguments.postgres)
