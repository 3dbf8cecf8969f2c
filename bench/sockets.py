"""``python -m bench.sockets [IDLE …]``: what sockets cost that are silent, all connect at once, or watch the same."""

import asyncio
import sys
import time
from collections.abc import Sequence

import uvloop

from .lag import between, look
from .load import Stream, open_streams
from .measuring import OVERDUE_S, p99_ms
from .processes import cpu_seconds, resident_mb
from .provider import ProviderProcess
from .report import Report
from .subjects import Parley

IDLE = (1000, 5000, 10_000)
STORM = 2000
VIEWERS = 100
COMING_BACK = 1000
LISTENING_S = 35  # one heartbeat of every socket at least
BYSTANDERS, RATE, CALM_S = 20, 50.0, 4.0
BROWSER = (  # what a browser says besides: a server may keep it, or not
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n"
    "Cache-Control: no-cache\r\nPragma: no-cache\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
)


async def idle(report: Report, parley: Parley, count: int) -> None:
    """Memory and CPU of so many sockets that only answer heartbeats, in a process that has had few before them: what
    others have left behind would be used again."""
    parley.server.kill()
    parley.server.start()
    close(await open_streams(parley.port, [parley.headers(number) + BROWSER for number in range(BYSTANDERS)]))
    await asyncio.sleep(2)
    before, looks = resident_mb(parley.pid), look(parley.url)
    streams: list[Stream] = []
    began = time.monotonic()
    while len(streams) < count:
        batch = range(len(streams), min(count, len(streams) + 200))
        lines = [parley.headers(number) + BROWSER for number in batch]
        opened = await asyncio.gather(*(open_streams(parley.port, [each]) for each in lines))
        streams += [stream for [stream] in opened]
    report.say(f"{count} sockets: opened a second", count / (time.monotonic() - began))
    await asyncio.sleep(2)
    report.say(f"{count} sockets: memory of each", (resident_mb(parley.pid) - before) * 1000 / count, "KB")
    spent = cpu_seconds(parley.pid)
    await asyncio.sleep(LISTENING_S)
    report.say(f"{count} sockets: share of a core", (cpu_seconds(parley.pid) - spent) / LISTENING_S * 100, "%")
    report.say(f"{count} sockets: heartbeats answered", sum(stream.pings > 0 for stream in streams) / count * 100, "%")
    report.lag(f"{count} sockets, opened and idle", between(looks, look(parley.url)))
    close(streams)
    await asyncio.sleep(3)


async def storm(report: Report, parley: Parley, provider: ProviderProcess) -> None:
    """All connect at the same moment, beside some answers that are being written."""
    provider.script(tokens=int(RATE * 60), rate=RATE, stamped=True)
    answers = await open_streams(parley.port, [parley.headers(number) for number in range(BYSTANDERS)])
    for stream in answers:
        stream.ask()
    await asyncio.sleep(CALM_S)
    seen = [len(stream.delays_us) for stream in answers]
    await asyncio.sleep(CALM_S)
    report.say("before the storm: delay p99", p99_ms(answers, seen), "ms")
    seen = [len(stream.delays_us) for stream in answers]
    looks = look(parley.url)
    began, spent = time.monotonic(), cpu_seconds(parley.pid)
    opened = await asyncio.gather(*(open_streams(parley.port, [parley.headers(n) + BROWSER]) for n in range(STORM)))
    report.say(f"{STORM} sockets at once: connected a second", STORM / (time.monotonic() - began))
    tokens = sum(len(stream.delays_us) for stream in answers) - sum(seen)
    spent = cpu_seconds(parley.pid) - spent
    report.say(f"{STORM} sockets at once: CPU of each, with {tokens // STORM} tokens", spent / STORM * 1000, "ms")
    report.say(f"{STORM} sockets at once: delay p99 of others", p99_ms(answers, seen), "ms")
    report.lag(f"{STORM} sockets at once", between(looks, look(parley.url)))
    close(answers + [stream for [stream] in opened])
    await asyncio.sleep(2)


async def fan_out(report: Report, parley: Parley, provider: ProviderProcess) -> None:
    """One answer, read by many sockets of the same person."""
    provider.script(tokens=500, rate=50, stamped=True)
    streams = await open_streams(parley.port, [parley.headers(0)] * VIEWERS)
    request_id = streams[0].ask()
    await asyncio.sleep(1)
    for stream in streams[1:]:
        stream.resume(request_id)
    await asyncio.sleep(0.5)
    spent, seen = cpu_seconds(parley.pid), [len(stream.delays_us) for stream in streams]
    await asyncio.gather(*(stream.ended for stream in streams))
    delays = sorted(delay for stream, n in zip(streams, seen, strict=True) for delay in stream.delays_us[n:])
    report.say(f"one answer, {VIEWERS} viewers: delay p50", delays[len(delays) // 2] / 1000, "ms")
    report.say(f"one answer, {VIEWERS} viewers: delay p99", delays[len(delays) * 99 // 100] / 1000, "ms")
    share = (cpu_seconds(parley.pid) - spent) / len(delays) * 1e6
    report.say(f"one answer, {VIEWERS} viewers: CPU for a million tokens shown", share, "s")
    close(streams)


async def come_back(report: Report, parley: Parley, provider: ProviderProcess) -> None:
    """The process is killed in the middle of an answer that all watch; all come back at once."""
    provider.script(tokens=3000, rate=50, stamped=True)
    headers = [parley.headers(0)] * COMING_BACK
    [asker] = await open_streams(parley.port, headers[:1])
    request_id = asker.ask()
    await asyncio.sleep(2)
    parley.server.kill()
    parley.server.start()
    began = time.monotonic()
    streams = [stream for [stream] in await asyncio.gather(*(open_streams(parley.port, [lines]) for lines in headers))]
    for stream in streams:
        stream.resume(request_id)
    async with asyncio.timeout(OVERDUE_S):
        while not all(stream.delays_us for stream in streams):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    report.say(f"{COMING_BACK} clients back after kill -9: all have the text after", time.monotonic() - began, "s")
    close(streams)


def close(streams: list[Stream]) -> None:
    for stream in streams:
        stream.transport.abort()


async def main(counts: Sequence[int]) -> None:
    report = Report("sockets")
    with ProviderProcess() as provider, Parley(provider.url, MAX_SOCKETS_PER_USER=20_000) as parley:
        await storm(report, parley, provider)
        await fan_out(report, parley, provider)
        await come_back(report, parley, provider)
        for count in counts:
            await idle(report, parley, count)
    report.save()


if __name__ == "__main__":
    uvloop.run(main([int(argument) for argument in sys.argv[1:]] or IDLE))
