"""``python -m bench.shared [STREAMS [RATE]]``: what a token costs with PostgreSQL and Redis, beside a journal alone."""

import sys
import tempfile
from pathlib import Path

import uvloop

from tests.live.redis import RedisServer
from tests.postgres import PostgresServer

from .measuring import Load, cpu_seconds, measure
from .provider import ProviderProcess
from .report import Report
from .subjects import Parley

SECONDS = 15
WARM_UP = Load(10, 50, 100)


async def main(streams: int, rate: float) -> None:
    """One process, whose answers nobody else reads."""
    report = Report(f"shared, {streams} streams x {rate:g} tokens/s")
    load = Load(streams, rate, int(rate * SECONDS))
    with (
        tempfile.TemporaryDirectory() as name,
        ProviderProcess() as provider,
        RedisServer(Path(name)) as redis,
        PostgresServer() as postgres,
    ):
        subjects = {
            "SQLite": Parley(provider.url),
            "SQLite and Redis": Parley(provider.url, REDIS_URL=redis.url),
            "PostgreSQL and Redis": Parley(provider.url, postgres.create(), REDIS_URL=redis.url),
        }
        for title, subject in subjects.items():
            with subject:
                await measure(subject, provider, WARM_UP)
                spent = cpu_seconds(redis.pid)
                result = await measure(subject, provider, load)
                report.say(f"{title}: CPU s for a million tokens, all", result.cpu, "s")
                report.say(f"{title}: CPU s for a million tokens, steady", result.steady_cpu, "s")
                redis_s = (cpu_seconds(redis.pid) - spent) / (streams * load.tokens) * 1e6
                report.say(f"{title}: CPU s for a million tokens, Redis's own", redis_s, "s")
                report.say(f"{title}: delay p99, steady", result.steady_p99, "ms")
                report.say(f"{title}: answers that failed", result.failed)
    report.save()


if __name__ == "__main__":
    arguments = [float(argument) for argument in sys.argv[1:]]
    uvloop.run(main(int(arguments[0]) if arguments else 500, arguments[1] if len(arguments) > 1 else 20.0))
