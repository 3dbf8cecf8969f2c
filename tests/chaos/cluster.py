"""Several server processes that are struck by faults, the lines to them, and what they stand on."""

import asyncio
import contextlib
import json
import re
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from bench.provider import ProviderProcess
from tests.live.server import LiveServer, environment, prepare

from .evidence import Called, Evidence, Struck
from .plan import Fault
from .relay import Relay
from .services import Services
from .tab import Door
from .truth import QUESTION

START_TRIES = 20
OURS = re.compile(rf"{QUESTION}([0-9a-f-]{{36}})")


class Cluster:
    """``async with cluster(...)`` starts one; ``strike`` carries a fault out, ``heal`` ends all of them."""

    def __init__(
        self, folder: Path, people: Sequence[str], size: int, services: Services, provider: ProviderProcess, **more: Any
    ) -> None:
        self.services = services
        self.provider = provider
        self.settings = {
            "DRAIN_S": 2,
            "IDLE_TIMEOUT_S": 15,
            "MAX_SOCKETS_PER_USER": 10_000,
            "MAX_FRAMES_PER_SECOND": 10_000,
            "MAX_GENERATIONS": 1000,
            "OPENAI_MODELS": "scripted",
            **services.settings,
            **more,
        }
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.people = prepare(self.data, people, services.database_url)
        self.provider_line = Relay(int(provider.url.rpartition(":")[2]))
        self.lines = [Relay(0) for _ in range(size)]
        self.processes: list[LiveServer] = []
        self.evidence = Evidence()
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._away: set[int] = set()

    async def start(self) -> None:
        for relay in (self.provider_line, *self.lines):
            await relay.start()
        self.origin = f"http://127.0.0.1:{self.lines[0].port}"
        for number, line in enumerate(self.lines):
            server = LiveServer(
                self.data,
                self.people,
                self.data,
                SITE_URL=self.origin,
                OPENAI_BASE_URL=f"http://127.0.0.1:{self.provider_line.port}/v1",
                OPENAI_API_KEY=f"process-{number}",
                **self.settings,
            )
            line.target = server.port
            self.processes.append(server)
            await self._up(number)

    async def stop(self) -> None:
        for process in self.processes:
            process.kill()
        for relay in (self.provider_line, *self.lines):
            await relay.stop()

    @property
    def doors(self) -> list[Door]:
        return [Door(number, line.port) for number, line in enumerate(self.lines)]

    def cookie(self, name: str) -> str:
        return self.processes[0].cookies(name)

    async def strike(self, fault: Fault) -> None:
        """Carry a fault out to its end, and note it."""
        at = time.time()
        match fault.kind:
            case "kill" | "term" | "stop":
                assert fault.process is not None
                await self._strike_process(fault.process, fault)
            case "cut":
                self.lines[fault.process or 0].cut()
            case "stall":
                await self._stall(self.lines[fault.process or 0], fault.lasts_s)
            case "provider reset":
                self.provider_line.cut()
            case "provider stall":
                await self._stall(self.provider_line, fault.lasts_s)
            case kind:
                await asyncio.to_thread(self.services.strike, kind, fault.lasts_s)
        self.evidence.add(Struck(at=at, kind=fault.kind, process=fault.process, until=time.time()))

    async def _strike_process(self, number: int, fault: Fault) -> None:
        """One after the other: who is asked to end may take longer than the plan thought, and is there once."""
        async with self._turns[number]:
            await self._strike_one(number, fault)

    async def _strike_one(self, number: int, fault: Fault) -> None:
        server = self.processes[number]
        self._away.add(number)
        if fault.kind == "stop":
            server.signal(signal.SIGSTOP)
            await asyncio.sleep(fault.lasts_s)
            server.signal(signal.SIGCONT)
        else:
            await asyncio.to_thread(server.kill if fault.kind == "kill" else server.terminate)
            await asyncio.sleep(fault.lasts_s)
            await self._up(number)
        self._away.discard(number)

    async def _up(self, number: int) -> None:
        """Start, as a supervisor does: again and again, while what it stands on is away."""
        for _ in range(START_TRIES):
            try:
                await asyncio.to_thread(self.processes[number].start)
                return
            except RuntimeError as error:
                last = error
                await asyncio.sleep(0.5)
        raise last

    async def _stall(self, line: Relay, seconds: float) -> None:
        line.stall()
        await asyncio.sleep(seconds)
        line.go_on()

    def calls(self) -> list[Called]:
        """What the provider saw, by now."""
        offset = time.time() - time.monotonic()
        found = []
        for call in self.provider.requests():
            asked = OURS.findall(json.dumps(call["body"]))
            closed = call["left_at"] or call["ended_at"]
            found.append(
                Called(
                    at=call["at"] + offset,
                    process=int(call["headers"]["authorization"].rpartition("-")[2]),
                    request_id=asked[-1] if asked else "",
                    text=call["text"],
                    complete=call["complete"],
                    closed_at=closed + offset if closed else None,
                    read=tuple(turn["content"] for turn in call["body"]["messages"] if turn["role"] == "assistant"),
                )
            )
        return found

    def output(self) -> str:
        """What the processes wrote, for whoever looks for a reason."""
        return "\n".join(f"[{n}] {line}" for n, server in enumerate(self.processes) for line in server.output)

    def environment(self) -> dict[str, str]:
        """For another process beside them."""
        return environment(self.data, **self.settings)


@contextlib.asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[Cluster]:
    """The cluster for the length of a block."""
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
