"""``python -m bench.side_by_side [STREAMS …] [--rounds N] [--seconds S]``: Parley and the yardsticks in turn."""

import argparse

import msgspec
import uvloop

from .provider import ProviderProcess
from .report import Report
from .result import Load, Result
from .rounds import in_turns
from .subjects import Parley, floor, tutorial

PART = "side by side"
RATE = 50
STREAMS = (50, 100, 200, 500, 1000)
SLOWER = (1000, 30)  # streams, and the tokens of each in a second
FLAT_OUT = Load(100, 0, 4000)
SECONDS = 12
BEGINNINGS_PER_S = 40  # or fewer: of many streams each lasts longer, so that there is a time when all of them run


def lasting_s(streams: int, seconds: int) -> int:
    return seconds + streams // BEGINNINGS_PER_S


def loads(streams: list[int], seconds: int) -> list[Load]:
    if streams:
        return [Load(count, RATE, RATE * lasting_s(count, seconds)) for count in streams]
    count, rate = SLOWER
    slower = Load(count, rate, rate * lasting_s(count, seconds))
    return [*loads(list(STREAMS), seconds), slower, FLAT_OUT]


async def side_by_side(chosen: list[Load], rounds: int) -> list[Result]:
    with ProviderProcess() as provider:
        subjects = (floor(provider.url), tutorial(provider.url), Parley(provider.url))
        return await in_turns(subjects, chosen, rounds, provider)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", type=int, nargs="*", help="only so many, 50 tokens/s each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    arguments = parser.parse_args()
    report = Report(PART)
    results = uvloop.run(side_by_side(loads(arguments.streams, arguments.seconds), arguments.rounds))
    report.rows("loads", msgspec.to_builtins(results))
    report.save()
