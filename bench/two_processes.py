"""``python -m bench.two_processes [STREAMS]``: what is seen at another process than the one that writes, over Redis."""

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

from tests.live.client import open_socket
from tests.live.redis import RedisServer
from tests.live.server import LiveServer, prepare
from tests.postgres import PostgresServer

from .load import Stream, open_streams
from .measuring import OVERDUE_S, ended, measure
from .processes import cpu_seconds
from .provider import ProviderProcess
from .report import Report
from .result import Load
from .subjects import PEOPLE, Parley

RATE = 50
SECONDS = 10
ROUNDS = 10
SETTINGS = {"MAX_GENERATIONS": 5000, "MAX_SOCKETS_PER_USER": 1000, "DAILY_TOKEN_BUDGET": 1_000_000_000}


def headers(server: LiveServer, number: int) -> str:
    cookies = server.cookies(PEOPLE[number % len(PEOPLE)])
    return f"Host: 127.0.0.1:{server.port}\r\nOrigin: {server.url}\r\nCookie: {cookies}\r\n"


async def seen_elsewhere(report: Report, servers: list[LiveServer], redis: RedisServer, count: int) -> None:
    """Each answer has a viewer at the process that writes it and one at the other; in the middle Redis is emptied."""
    here, there = [await open_streams(s.port, [headers(s, n) for n in range(count)]) for s in servers]
    pids = {"the writer": servers[0].pid, "the other process": servers[1].pid, "Redis": redis.pid}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    requests = [stream.ask() for stream in here]
    async with asyncio.timeout(OVERDUE_S):
        while not all(stream.delays_us for stream in here):  # noqa: ASYNC110 (the streams are to do nothing but count)
            await asyncio.sleep(0.05)
    for stream, request_id in zip(there, requests, strict=True):
        stream.resume(request_id)
    await asyncio.sleep(SECONDS * 0.6)
    emptied = [len(stream.delays_us) for stream in here]
    redis.client.flushall()
    await ended([*here, *there], SECONDS + OVERDUE_S)
    pairs = list(zip(here, there, emptied, strict=True))
    tokens = sum(len(stream.delays_us) for stream in here)
    report.say("answers that failed or were cut", sum(bool(stream.error) for stream in (*here, *there)))
    late = behind(pairs, lambda emptied: slice(RATE * 2, emptied))
    owners = sorted(itertools.chain.from_iterable(stream.delays_us[RATE * 2 : n] for stream, _, n in pairs))
    report.say("a token at the writer's process, p50", owners[len(owners) // 2] / 1000, "ms")
    report.say("a token at the writer's process, p99", owners[len(owners) * 99 // 100] / 1000, "ms")
    report.say("how much later it is seen at the other, p50", late[len(late) // 2] / 1000, "ms")
    report.say("how much later it is seen at the other, p99", late[len(late) * 99 // 100] / 1000, "ms")
    after = behind(pairs, lambda emptied: slice(emptied, emptied + RATE * 2))
    report.say("the same after Redis was emptied, at most", after[-1] / 1000, "ms")
    for name, pid in pids.items():
        report.say(f"CPU seconds per million tokens, {name}", (cpu_seconds(pid) - before[name]) / tokens * 1e6, "s")
    for stream in (*here, *there):
        stream.transport.abort()


def behind(pairs: list[tuple[Stream, Stream, int]], which: Callable[[int], slice]) -> list[int]:
    """By how many µs each token was later at the other process; those of each pair that ``which`` picks."""
    later = []
    for mine, other, emptied in pairs:
        part = which(emptied)
        later += [theirs - ours for ours, theirs in zip(mine.delays_us[part], other.delays_us[part], strict=True)]
    return sorted(later) or [0]


async def stopped_elsewhere(report: Report, servers: list[LiveServer], provider: ProviderProcess) -> None:
    """From Stop at one process to the provider's connection closed by the other."""
    first, second = [await open_socket(server, PEOPLE[0]) for server in servers]
    took = []
    for _ in range(ROUNDS):
        provider.reset()
        provider.script(tokens=1000, rate=RATE)
        reader = await first.generate()
        await first.until(lambda reader=reader: reader.text)
        stopped_at = time.monotonic()
        await second.send("ai:cancel", request_id=reader.request_id)
        await first.ended(reader)
        [request] = provider.requests()
        took.append(request["left_at"] - stopped_at)
    report.say("Stop at the other process, median", statistics.median(took) * 1000, "ms")
    report.say("Stop at the other process, at most", max(took) * 1000, "ms")


async def costs(report: Report, provider: ProviderProcess, redis: RedisServer, count: int) -> None:
    """What Redis adds to one process that nobody else reads from."""
    load = Load(count, RATE, RATE * SECONDS)
    for name, url in {"with the journal alone": None, "with Redis": redis.url}.items():
        with Parley(provider.url, REDIS_URL=url) as subject:
            await measure(subject, provider, Load(10, RATE, 100))
            result = await measure(subject, provider, load)
            report.say(f"CPU seconds per million tokens {name}, steady", result.steady_cpu, "s")
            report.say(f"a token's delay {name}, steady p99", result.steady_p99, "ms")


async def main(count: int) -> None:
    report = Report("two processes")
    with (
        tempfile.TemporaryDirectory() as name,
        ProviderProcess() as provider,
        RedisServer(Path(name)) as redis,
        PostgresServer() as postgres,
    ):
        await costs(report, provider, redis, count)
        folder = Path(name) / "data"
        folder.mkdir()
        people = prepare(folder, PEOPLE, postgres.create())
        settings: dict[str, Any] = SETTINGS | {"OPENAI_BASE_URL": provider.url + "/v1", "REDIS_URL": redis.url}
        with (
            LiveServer(folder, people, folder, **settings) as one,
            LiveServer(folder, people, folder, **settings) as two,
        ):
            await stopped_elsewhere(report, [one, two], provider)
            provider.reset()
            provider.script(tokens=RATE * SECONDS, rate=RATE, stamped=True, ignore_max_tokens=True)
            await seen_elsewhere(report, [one, two], redis, count)
    report.save()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
