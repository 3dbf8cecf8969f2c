"""``python -m bench.generations [COUNT …]``: the memory of answers that are being written, beside their sockets'."""

import asyncio
import sys
import time

import uvloop

from .lag import between, look
from .load import Stream, open_streams
from .measuring import OVERDUE_S, measure
from .processes import resident_mb
from .provider import ProviderProcess
from .report import Report
from .rounds import WARM_UP
from .subjects import Parley

PART = "generations"
COUNTS = (1000,)
RATE = 0.5  # tokens a second: they live, and nothing else is measured
WORD = "~1 "  # what a reader counts as a token
WORDS = 400  # more than anybody waits for
LONG = 1000
SETTLING_S = 3.0


async def memory(report: Report, provider: ProviderProcess, count: int, before: str, what: str) -> None:
    """Each has sent ``before`` and a word or two, and goes on."""
    with Parley(provider.url, MAX_GENERATIONS_PER_USER=count, MAX_GENERATIONS=2 * count) as parley:
        await measure(parley, provider, WARM_UP)
        provider.reset()
        provider.script(tokens=[before + WORD] + [WORD] * WORDS, rate=RATE, ignore_max_tokens=True)
        streams = await open_streams(parley.port, [parley.headers(number) for number in range(count)])
        await asyncio.sleep(SETTLING_S)
        idle, looks = resident_mb(parley.pid), look(parley.url)
        for stream in streams:
            stream.ask()
        running = await begun(streams)
        await asyncio.sleep(SETTLING_S)
        report.say(f"{count} answers {what}: running", running)
        each = (resident_mb(parley.pid) - idle) * 1000 / running
        report.say(f"{count} answers {what}: memory of each, beside its socket", each, "KB")
        report.lag(f"{count} answers {what}", between(looks, look(parley.url)))
        for stream in streams:
            stream.transport.abort()


async def begun(streams: list[Stream]) -> int:
    """How many are being written, when all are or it has taken too long."""
    deadline = time.monotonic() + OVERDUE_S
    while time.monotonic() < deadline and not all(stream.first_us for stream in streams):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return sum(stream.first_us > 0 and not stream.ended.done() for stream in streams)


async def main(counts: list[int]) -> None:
    report = Report(PART)
    with ProviderProcess() as provider:
        for count in counts:
            await memory(report, provider, count, "", "that have just begun")
            await memory(report, provider, count, "word " * LONG, f"of {LONG} words")
    report.save()


if __name__ == "__main__":
    uvloop.run(main([int(argument) for argument in sys.argv[1:]] or list(COUNTS)))
