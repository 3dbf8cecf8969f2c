"""One subject under one load, and what the kernel says it cost."""

import asyncio
import itertools
import time

import msgspec

from .lag import Lag, between, look
from .load import Stream, open_streams
from .processes import cpu_seconds, waited_seconds
from .provider import ProviderProcess
from .result import Load, Result
from .subjects import Subject

WARM_UP_S = 3.0
ENDING_S = 1.0
SHORTEST_S = 2.0  # of a steady time that says something
OVERDUE_S = 240.0  # after which an answer has none: a machine may be slow, but the benchmark has an end


class Reading(msgspec.Struct, frozen=True):
    """How far a subject and its readers are at a moment."""

    at: float
    cpu_s: float
    waited_s: float
    beside_s: float
    looks: dict[float, int] | None
    seen: list[int]  # tokens, by stream

    @classmethod
    async def take(cls, subject: Subject, streams: list[Stream]) -> "Reading":
        looks = await asyncio.to_thread(look, subject.url) if subject.url else None
        seen = [len(stream.delays_us) for stream in streams]
        pid = subject.pid
        return cls(time.monotonic(), cpu_seconds(pid), waited_seconds(pid), subject.beside_s(), looks, seen)

    def lag(self, until: "Reading") -> Lag | None:
        return between(self.looks, until.looks) if self.looks and until.looks else None

    def cpu(self, until: "Reading") -> float:
        return (until.cpu_s - self.cpu_s) / max(1, sum(until.seen) - sum(self.seen)) * 1e6

    def beside_cpu(self, until: "Reading") -> float:
        return (until.beside_s - self.beside_s) / max(1, sum(until.seen) - sum(self.seen)) * 1e6


async def measure(subject: Subject, provider: ProviderProcess, load: Load) -> Result:
    """Open the sockets, ask on all of them at once, wait for every end."""
    provider.reset()
    packet = 1 if load.rate else 16
    provider.script(tokens=load.tokens, rate=load.rate, stamped=True, tokens_per_packet=packet, ignore_max_tokens=True)
    streams = await open_streams(subject.port, [subject.headers(number) for number in range(load.streams)])
    await asyncio.sleep(0.5)
    before = await Reading.take(subject, streams)
    for stream in streams:
        stream.ask()
    steady = asyncio.create_task(_steady(subject, streams, load))
    await ended(streams, load.lasts_s + OVERDUE_S)
    took = time.monotonic() - before.at
    after = await Reading.take(subject, streams)
    for stream in streams:
        stream.transport.abort()
    return _result(subject, load, streams, took, before, after, await steady)


async def ended(streams: list[Stream], limit_s: float) -> None:
    """Wait for every end; what has none by then has failed."""
    await asyncio.wait([stream.ended for stream in streams], timeout=limit_s)
    for stream in streams:
        if not stream.ended.done():
            stream.error = b"no end"


def _result(
    subject: Subject,
    load: Load,
    streams: list[Stream],
    took: float,
    before: Reading,
    after: Reading,
    steady: tuple[Reading, Reading] | None,
) -> Result:
    delays = sorted(itertools.chain.from_iterable(stream.delays_us for stream in streams)) or [0]
    firsts = sorted(stream.delays_us[0] for stream in streams if stream.delays_us) or [0]
    return Result(
        subject=subject.name,
        load=load,
        at_once=together(streams),
        failed=sum(bool(stream.error) for stream in streams),
        first_p50=firsts[len(firsts) // 2] / 1000,
        p50=delays[len(delays) // 2] / 1000,
        p99=delays[len(delays) * 99 // 100] / 1000,
        worst=delays[-1] / 1000,
        steady_p99=p99_ms(streams, steady[0].seen) if steady else None,
        tokens_per_s=len(delays) / took,
        cpu=before.cpu(after),
        steady_cpu=steady[0].cpu(steady[1]) if steady else None,
        beside_cpu=before.beside_cpu(after),
        bytes_per_token=sum(stream.bytes for stream in streams) / len(delays),
        tokens_per_frame=len(delays) / max(1, sum(stream.frames for stream in streams)),
        waited=(after.waited_s - before.waited_s) / (after.at - before.at) * 100,
        lag=before.lag(after),
        steady_lag=steady[0].lag(steady[1]) if steady else None,
    )


def p99_ms(streams: list[Stream], seen: list[int]) -> float:
    """Of the tokens that came after those that had been seen."""
    late = sorted(itertools.chain.from_iterable(s.delays_us[n:] for s, n in zip(streams, seen, strict=True))) or [0]
    return late[len(late) * 99 // 100] / 1000


async def _steady(subject: Subject, streams: list[Stream], load: Load) -> tuple[Reading, Reading] | None:
    """From when all have begun until before the first one ends; None where there is no such time."""
    if load.lasts_s <= 2 * WARM_UP_S:
        return None
    await asyncio.sleep(WARM_UP_S)
    while not all(stream.first_us for stream in streams):
        if any(stream.ended.done() for stream in streams):
            return None
        await asyncio.sleep(0.05)
    ends_at = min(stream.first_us for stream in streams) / 1e6 + load.lasts_s - ENDING_S
    if ends_at - time.monotonic() < SHORTEST_S:
        return None
    before = await Reading.take(subject, streams)
    await asyncio.sleep(ends_at - time.monotonic())
    return before, await Reading.take(subject, streams)


def together(streams: list[Stream]) -> int:
    """How many of them were between their first token and their last at the same moment, at most."""
    began = [stream for stream in streams if stream.first_us]
    moves = sorted([(stream.first_us, 1) for stream in began] + [(stream.last_us, -1) for stream in began])
    return max(itertools.accumulate(move for _at, move in moves), default=0)
