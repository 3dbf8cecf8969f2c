"""``python -m bench.upstream``: what the provider and the readers do with nobody between them: they must not be what is
measured."""

import asyncio
import itertools
import time
from typing import cast

import uvloop

from .load import Stream
from .measuring import OVERDUE_S, ended
from .processes import cpu_seconds
from .provider import ProviderProcess
from .report import Report
from .result import Load
from .yardsticks.floor import BODY, HEAD

LOADS = (Load(100, 0, 10_000), Load(500, 50, 500), Load(1000, 50, 500))


class Direct(Stream):
    """A reader that asks the provider itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.opened.set_result(None)

    def send(self, text: str) -> None:
        self.transport.write(HEAD % len(BODY) + BODY)


async def direct(report: Report, provider: ProviderProcess, load: Load) -> None:
    provider.script(
        tokens=load.tokens,
        rate=load.rate,
        stamped=True,
        ignore_max_tokens=True,
        tokens_per_packet=1 if load.rate else 16,
    )
    loop, port = asyncio.get_running_loop(), int(provider.url.rpartition(":")[2])
    streams = [(await loop.create_connection(lambda: Direct(""), "127.0.0.1", port))[1] for _ in range(load.streams)]
    began, spent = time.monotonic(), cpu_seconds(provider.pid)
    for stream in streams:
        stream.ask()
    await ended(list(streams), load.lasts_s + OVERDUE_S)
    delays = sorted(itertools.chain.from_iterable(stream.delays_us for stream in streams))
    what = f"{load.streams} streams" + (f" x {load.rate:g} tokens/s" if load.rate else ", as fast as it goes")
    report.say(f"{what}: tokens/s", len(delays) / (time.monotonic() - began))
    report.say(f"{what}: delay p99", delays[len(delays) * 99 // 100] / 1000, "ms")
    own = (cpu_seconds(provider.pid) - spent) / len(delays) * 1e6
    report.say(f"{what}: CPU for a million tokens, the provider's", own, "s")
    for stream in streams:
        stream.transport.abort()


async def main() -> None:
    report = Report("upstream")
    with ProviderProcess() as provider:
        for load in LOADS:
            await direct(report, provider, load)
    report.save()


if __name__ == "__main__":
    uvloop.run(main())
