"""``python -m bench.shared [STREAMS RATE] [--rounds N] [--seconds S]``: what a token costs with PostgreSQL and Redis,
beside a journal alone."""

import argparse
import tempfile
from pathlib import Path

import msgspec
import uvloop

from tests.live.redis import RedisServer
from tests.postgres import PostgresServer

from .processes import cpu_seconds, family_cpu_seconds
from .provider import ProviderProcess
from .report import Report
from .result import Load, Result
from .rounds import in_turns
from .side_by_side import lasting_s
from .subjects import Parley

PART = "shared"
EMBEDDED, WITH_REDIS, WITH_BOTH = "SQLite", "SQLite and Redis", "PostgreSQL and Redis"
LOADS = ((200, 50), (1000, 50))


async def shared(chosen: list[Load], rounds: int) -> list[Result]:
    """One process each, whose answers nobody else reads."""
    with (
        tempfile.TemporaryDirectory() as name,
        ProviderProcess() as provider,
        RedisServer(Path(name)) as redis,
        PostgresServer() as postgres,
    ):
        url, works = {"REDIS_URL": redis.url}, [lambda: cpu_seconds(redis.pid)]
        both = [*works, lambda: family_cpu_seconds(postgres.pid)]
        subjects = (
            Parley(provider.url, name=EMBEDDED),
            Parley(provider.url, name=WITH_REDIS, beside=works, **url),
            Parley(provider.url, postgres.create(), name=WITH_BOTH, beside=both, **url),
        )
        return await in_turns(subjects, chosen, rounds, provider)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("load", type=int, nargs="*", help="streams, and the tokens of each in a second")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=12)
    arguments = parser.parse_args()
    pairs = [tuple(arguments.load)] if arguments.load else LOADS
    report = Report(PART)
    loads = [Load(streams, rate, rate * lasting_s(streams, arguments.seconds)) for streams, rate in pairs]
    report.rows("loads", msgspec.to_builtins(uvloop.run(shared(loads, arguments.rounds))))
    report.save()
