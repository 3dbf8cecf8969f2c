"""``make bench``: runs everything once and prints a table; the same as JSON in ``var/bench.json``."""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from tests.live.client import open_socket
from tests.live.server import ROOT, LiveServer, prepare

from .provider import ProviderProcess
from .streams import by_prompt, run_streams

ROUNDS = 40
LOADS = (50, 100)
TOKENS_PER_S = 50
SECONDS = 8

Figures = dict[str, float]


async def single(server: LiveServer, provider: ProviderProcess) -> Figures:
    """One person on an idle server: medians of the ways to the provider, back, and of Stop."""
    provider.script(tokens=["a ", "b "], first_token_delay_s=0.05)
    to_provider, first_token, to_stop = [], [], []
    socket = await open_socket(server)
    for _ in range(ROUNDS):
        provider.reset()
        provider.script(tokens=["a ", "b "], first_token_delay_s=0.05)
        asked_at = time.monotonic()
        reader = await socket.generate()
        await socket.until(lambda reader=reader: reader.text)
        seen_at = time.monotonic()
        await socket.ended(reader)
        [request] = provider.requests()
        to_provider.append(request["at"] - asked_at)
        first_token.append(seen_at - request["sent"][0][0])
    for _ in range(ROUNDS // 4):
        provider.reset()
        provider.script(tokens=1000, rate=50)
        reader = await socket.generate()
        await socket.until(lambda reader=reader: reader.text)
        stopped_at = time.monotonic()
        await socket.send("ai:cancel", request_id=reader.request_id)
        await socket.ended(reader)
        [request] = provider.requests()
        to_stop.append(request["left_at"] - stopped_at)
    await socket.close()
    return {
        "enter to the provider's request, ms (median)": statistics.median(to_provider) * 1000,
        "provider's first token to the socket, ms (median)": statistics.median(first_token) * 1000,
        "stop to the provider's connection closed, ms (max)": max(to_stop) * 1000,
    }


async def load(server: LiveServer, provider: ProviderProcess, streams: int) -> Figures:
    """Many answers at once: delay of each token, and what the server spent on them."""
    provider.reset()
    provider.script(tokens=TOKENS_PER_S * SECONDS, rate=TOKENS_PER_S)
    before = cpu_seconds(server.pid)
    done = await run_streams(server, streams)
    spent = cpu_seconds(server.pid) - before
    sent = by_prompt(provider.requests())
    delays = sorted(delay for stream in done for delay in stream.delays_ms(sent[stream.prompt]["sent"]))
    name = f"{streams} streams × {TOKENS_PER_S} tokens/s"
    return {
        f"{name}: delay of a token, ms p50": delays[len(delays) // 2],
        f"{name}: delay of a token, ms p99": delays[len(delays) * 99 // 100],
        f"{name}: delay of a token, ms max": delays[-1],
        f"{name}: CPU seconds per million tokens": spent / len(delays) * 1e6,
        f"{name}: bytes per token": sum(stream.bytes for stream in done) / len(delays),
        f"{name}: tokens per frame": len(delays) / sum(stream.frames for stream in done),
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def main() -> None:
    with tempfile.TemporaryDirectory() as name, ProviderProcess() as provider:
        folder = Path(name)
        people = prepare(folder / "template")
        server = LiveServer(
            folder / "template",
            people,
            folder / "data",
            OPENAI_BASE_URL=provider.url + "/v1",
            MAX_SOCKETS_PER_USER=1000,
        )
        with server:
            started_at = time.monotonic()
            server.kill()
            server.start()
            figures: Figures = {
                "second start to ready, s": time.monotonic() - started_at,
                "memory when idle, MB": resident_mb(server.pid),
            }
            figures |= await single(server, provider)
            for streams in LOADS:
                figures |= await load(server, provider, streams)
            figures["memory afterwards, MB"] = resident_mb(server.pid)
    for what, value in figures.items():
        print(f"{what:70} {value:10.2f}")
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var" / "bench.json").write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
