"""``python -m bench.floods``: what ordinary people notice while somebody floods the server, and what that costs it."""

import asyncio
import sys

import uvloop

from .attacks import KINDS
from .load import Stream, open_streams
from .processes import cpu_seconds, resident_mb
from .provider import ProviderProcess
from .report import Report
from .subjects import Parley

BYSTANDERS, RATE = 20, 50.0
WATCHED_S = 10.0
GIVEN_S = 3.0  # to connect and to get going, for either side
# An attacker brings machines of their own: here theirs is what the server, its provider and its readers leave over.
ATTACKING = ["nice", "-n", "19", sys.executable, "-m", "bench.attacks"]
ATTACKER = 100  # somebody who is none of the bystanders


async def answers(parley: Parley, provider: ProviderProcess) -> list[Stream]:
    """Everybody's answer, being written."""
    tokens = int(RATE * (2 * WATCHED_S + 4 * GIVEN_S))
    provider.script(tokens=tokens, rate=RATE, stamped=True)
    streams = await open_streams(parley.port, [parley.headers(number) for number in range(BYSTANDERS)])
    for stream in streams:
        stream.ask()
    await asyncio.sleep(GIVEN_S)
    return streams


async def watch(report: Report, pid: int, kind: str, streams: list[Stream]) -> float:
    """The p99 of the tokens that come within the seconds from now, in ms, and what the process works meanwhile."""
    seen, spent = [len(stream.delays_us) for stream in streams], cpu_seconds(pid)
    await asyncio.sleep(WATCHED_S)
    delays = sorted(delay for stream, n in zip(streams, seen, strict=True) for delay in stream.delays_us[n:])
    p99 = delays[len(delays) * 99 // 100] / 1000
    report.say(f"{kind}: delay p99 of others", p99, "ms")
    report.say(f"{kind}: share of a core", (cpu_seconds(pid) - spent) / WATCHED_S * 100, "%")
    return p99


async def under(report: Report, parley: Parley, provider: ProviderProcess, kind: str) -> None:
    """The same answers before and during an attack."""
    streams = await answers(parley, provider)
    before = resident_mb(parley.pid)
    calm = await watch(report, parley.pid, f"before {kind}", streams)
    cookie = parley.headers(ATTACKER).partition("Cookie: ")[2].strip()
    command = [*ATTACKING, kind, str(parley.port), cookie, str(WATCHED_S + GIVEN_S)]
    attack = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    highest = asyncio.create_task(_highest_mb(parley.pid))
    await asyncio.sleep(GIVEN_S)
    report.say(f"{kind}: p99 moves by", await watch(report, parley.pid, kind, streams) / calm, "x")
    said, _ = await attack.communicate()
    highest.cancel()
    report.say(f"{kind}: memory at most", await highest - before, "MB")
    print(f"  shown out: {said.decode().strip()}")
    for stream in streams:
        stream.transport.abort()
    await asyncio.sleep(GIVEN_S)


async def _highest_mb(pid: int) -> float:
    highest = 0.0
    try:
        while True:
            highest = max(highest, resident_mb(pid))
            await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        return highest


async def main() -> None:
    report = Report("floods")
    with ProviderProcess() as provider, Parley(provider.url, REQUEST_TIMEOUT_S=5, SEND_TIMEOUT_S=1) as parley:
        for kind in sys.argv[1:] or KINDS:
            await under(report, parley, provider, kind)
    report.save()


if __name__ == "__main__":
    uvloop.run(main())
