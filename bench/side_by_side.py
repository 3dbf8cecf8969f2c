"""``python -m bench.side_by_side [STREAMS …]``: Parley and the yardsticks in turn under the same loads."""

import sys

import msgspec
import uvloop

from .measuring import Load, Result, measure
from .provider import ProviderProcess
from .report import Report
from .subjects import Parley, floor, tutorial

RATE = 50
SECONDS = 12
STREAMS = (50, 200, 500, 1000)
FLAT_OUT = Load(100, 0, 4000)

COLUMNS = "{:9} {:>7} {:>5} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>7} {:>7} {:>7} {:>6}"
HEAD = COLUMNS.format(
    "subject",
    "streams",
    "rate",
    "first50",
    "p50 ms",
    "p99",
    "max",
    "steadyp99",
    "tokens/s",
    "cpu",
    "steady",
    "B/tok",
    "failed",
)


async def side_by_side(loads: list[Load]) -> list[Result]:
    """Every subject under every load, one after the other on the same machine."""
    results = []
    print(HEAD, flush=True)
    with ProviderProcess() as provider:
        for subject in (floor(provider.url), tutorial(provider.url), Parley(provider.url)):
            with subject:
                await measure(subject, provider, Load(10, RATE, 100))  # the first answers warm everything up
                for load in loads:
                    result = await measure(subject, provider, load)
                    results.append(result)
                    print(row(result), flush=True)
    return results


def row(result: Result) -> str:
    load = result.load
    numbers = (result.first_p50, result.p50, result.p99, result.worst, result.steady_p99)
    costs = (result.cpu, result.steady_cpu, result.bytes_per_token)
    return COLUMNS.format(
        result.subject,
        load.streams,
        f"{load.rate:g}" if load.rate else "max",
        *(f"{number:.2f}" for number in numbers),
        f"{result.tokens_per_s:.0f}",
        *(f"{cost:.1f}" for cost in costs),
        result.failed,
    )


if __name__ == "__main__":
    counts = [int(argument) for argument in sys.argv[1:]] or list(STREAMS)
    chosen = [Load(count, RATE, RATE * SECONDS) for count in counts]
    report = Report("side by side")
    report.rows("loads", msgspec.to_builtins(uvloop.run(side_by_side([*chosen, FLAT_OUT]))))
    report.save()
