"""``python -m bench.alone``: start, memory, and how long one person on an idle server waits."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tests.live.client import open_socket
from tests.live.server import LiveServer, prepare

from .processes import cpu_seconds, resident_mb
from .provider import ProviderProcess
from .report import Report

ROUNDS = 40
IDLE_S = 10


async def waiting(report: Report, server: LiveServer, provider: ProviderProcess) -> None:
    """Medians of the ways to the provider and back, and of Stop."""
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
    report.say("Enter to the provider's request, median", statistics.median(to_provider) * 1000, "ms")
    report.say("provider's first token to the socket, median", statistics.median(first_token) * 1000, "ms")
    report.say("Stop to the provider's connection closed, at most", max(to_stop) * 1000, "ms")


async def main() -> None:
    report = Report("alone")
    with tempfile.TemporaryDirectory() as name, ProviderProcess() as provider:
        folder = Path(name)
        people = prepare(folder / "template")
        server = LiveServer(folder / "template", people, folder / "data", OPENAI_BASE_URL=provider.url + "/v1")
        with server:
            server.kill()
            started_at = time.monotonic()
            server.start()
            report.say("second start to ready", time.monotonic() - started_at, "s")
            report.say("memory when idle", resident_mb(server.pid), "MB")
            spent = cpu_seconds(server.pid)
            await asyncio.sleep(IDLE_S)
            report.say("share of a core when idle", (cpu_seconds(server.pid) - spent) / IDLE_S * 100, "%")
            await waiting(report, server, provider)
    report.save()


if __name__ == "__main__":
    asyncio.run(main())
