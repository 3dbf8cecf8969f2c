"""``python -m bench.admission [STREAMS …] [--seconds S]``: as many asking at once as admission does not let run.

The limits are those that Parley is delivered with; each of 200 people has some tabs.
"""

import argparse
import time
from collections import Counter
from typing import Any

import uvloop

from .lag import between, look
from .load import Stream, open_streams
from .measuring import OVERDUE_S, ended, p99_ms, together
from .provider import ProviderProcess
from .report import Report
from .result import Load
from .subjects import Parley

PART = "admission"
RATE = 50
AT_ONCE = 200
STREAMS = (1000, 2000)
DELIVERED: dict[str, Any] = dict.fromkeys(
    ("MAX_GENERATIONS", "MAX_GENERATIONS_PER_USER", "MAX_SOCKETS_PER_USER", "MESSAGES_PER_MINUTE", "DAILY_TOKEN_BUDGET")
)


async def crowd(report: Report, provider: ProviderProcess, load: Load) -> None:
    """All ask at the same moment. Whoever waits is told where they stand, whoever is refused why."""
    provider.reset()
    provider.script(tokens=load.tokens, rate=load.rate, stamped=True, ignore_max_tokens=True)
    with Parley(provider.url, **DELIVERED) as parley:
        streams = await open_streams(parley.port, [parley.headers(number) for number in range(load.streams)])
        before, asked_at = look(parley.url), time.monotonic()
        for stream in streams:
            stream.ask()
        await ended(streams, load.lasts_s * load.streams / AT_ONCE + OVERDUE_S)
        what = f"{load.streams} x {load.rate:g} tokens/s"
        say(report, what, streams, asked_at)
        report.lag(what, between(before, look(parley.url)))
        for stream in streams:
            stream.transport.abort()


def say(report: Report, what: str, streams: list[Stream], asked_at: float) -> None:
    ran = [stream for stream in streams if stream.delays_us]
    refused = Counter(stream.code for stream in streams if stream.error)
    begun = sorted(stream.first_us / 1e6 - asked_at for stream in ran)
    report.say(f"{what}: answered", len(ran))
    report.say(f"{what}: at once at most", together(ran))
    report.say(f"{what}: told that they wait", sum(stream.waited for stream in streams))
    heard = sorted(stream.heard_us / 1e6 - asked_at for stream in streams if stream.heard_us)
    report.say(f"{what}: until told anything, median", heard[len(heard) // 2], "s")
    report.say(f"{what}: until told anything, at most", heard[-1], "s")
    report.say(f"{what}: waited, median of those answered", begun[len(begun) // 2], "s")
    report.say(f"{what}: waited, at most", begun[-1], "s")
    report.say(f"{what}: refused clearly", sum(count for code, count in refused.items() if code))
    for code, count in refused.items():
        report.say(f"{what}: refused, {code or 'without a code'}", count)
    report.say(f"{what}: refused or lost without a word", refused[""])
    report.say(f"{what}: delay p99 of those answered", p99_ms(ran, [0] * len(ran)), "ms")


async def main(counts: list[int], seconds: int) -> None:
    report = Report(PART)
    with ProviderProcess() as provider:
        for count in counts:
            await crowd(report, provider, Load(count, RATE, RATE * seconds))
    report.save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", type=int, nargs="*")
    parser.add_argument("--seconds", type=int, default=12)
    arguments = parser.parse_args()
    uvloop.run(main(arguments.streams or list(STREAMS), arguments.seconds))
