"""One subject under one load, and what the kernel says it cost."""

import asyncio
import itertools
import time
from pathlib import Path

import msgspec

from .load import Stream, open_streams
from .provider import ProviderProcess
from .subjects import Subject

WARM_UP_S = 3.0


class Load(msgspec.Struct, frozen=True):
    """``rate`` 0: as fast as it goes."""

    streams: int
    rate: float
    tokens: int


class Result(msgspec.Struct, frozen=True):
    """Delays in ms over all tokens; CPU in seconds per million tokens: over all, and when all streams ran steadily."""

    subject: str
    load: Load
    failed: int
    first_p50: float
    p50: float
    p99: float
    worst: float
    steady_p99: float
    tokens_per_s: float
    cpu: float
    steady_cpu: float
    bytes_per_token: float
    tokens_per_frame: float


async def measure(subject: Subject, provider: ProviderProcess, load: Load) -> Result:
    """Open the sockets, ask on all of them at once, wait for every end."""
    provider.reset()
    packet = 1 if load.rate else 16
    provider.script(tokens=load.tokens, rate=load.rate, stamped=True, tokens_per_packet=packet, ignore_max_tokens=True)
    streams = await open_streams(subject.port, [subject.headers(number) for number in range(load.streams)])
    await asyncio.sleep(0.5)
    began, before = time.monotonic(), cpu_seconds(subject.pid)
    for stream in streams:
        stream.ask()
    steady = asyncio.create_task(_steady(subject.pid, streams, load))
    await asyncio.gather(*(stream.ended for stream in streams))
    took, spent = time.monotonic() - began, cpu_seconds(subject.pid) - before
    for stream in streams:
        stream.transport.abort()
    delays = sorted(itertools.chain.from_iterable(stream.delays_us for stream in streams)) or [0]
    steady_cpu, skipped = await steady
    late = sorted(itertools.chain.from_iterable(s.delays_us[n:] for s, n in zip(streams, skipped, strict=True))) or [0]
    firsts = sorted(stream.delays_us[0] for stream in streams if stream.delays_us) or [0]
    count = len(delays)
    return Result(
        subject.name,
        load,
        sum(bool(stream.error) for stream in streams),
        firsts[len(firsts) // 2] / 1000,
        delays[count // 2] / 1000,
        delays[count * 99 // 100] / 1000,
        delays[-1] / 1000,
        late[len(late) * 99 // 100] / 1000,
        count / took,
        spent / count * 1e6,
        steady_cpu,
        sum(stream.bytes for stream in streams) / count,
        count / max(1, sum(stream.frames for stream in streams)),
    )


async def _steady(pid: int, streams: list[Stream], load: Load) -> tuple[float, list[int]]:
    """CPU seconds per million tokens from when the beginnings are over until before the ends, and what was skipped."""
    lasts = load.tokens / load.rate if load.rate else 0
    if lasts <= 2 * WARM_UP_S:
        return 0.0, [0] * len(streams)
    await asyncio.sleep(WARM_UP_S)
    before, seen = cpu_seconds(pid), [len(stream.delays_us) for stream in streams]
    await asyncio.sleep(lasts - 2 * WARM_UP_S)
    tokens = sum(len(stream.delays_us) for stream in streams) - sum(seen)
    return (cpu_seconds(pid) - before) / max(tokens, 1) * 1e6, seen


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mb(pid: int) -> float:
    """Memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
