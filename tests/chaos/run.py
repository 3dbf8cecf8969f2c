"""A run: people ask and watch while faults strike; then all is healed, and everybody looks again."""

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from .cluster import Cluster
from .evidence import Evidence, Reloaded
from .listener import Listener
from .plan import Fault
from .tab import Tab
from .truth import QUESTION
from .witness import Witness

HEALING_S = 60.0  # for takeovers and what is left to be written
LISTENING_S = 10.0  # for what is on its way to them when all have seen all ends
LOOK_S = 0.1
SLOTS = 5  # conversations at once in one tab
TURNS = (1, 1, 2, 3)  # of a conversation
CAN_GO_ON = {"cancelled", "interrupted", "truncated"}


class Load(msgspec.Struct, frozen=True):
    """So many conversations at all times, with answers of so many tokens, so many a second.

    Which share is stopped, watched, read as an event stream, followed before it has ended, continued if it was cut.
    """

    streams: int
    tokens: int = 60
    rate: float = 20
    cancelled: float = 0.1
    watched: float = 0.3
    listened: float = 0.2
    queued: float = 0.2
    continued: float = 0.7

    @property
    def takes_s(self) -> float:
        """How long an answer takes by itself."""
        return self.tokens / self.rate


class Run:
    """One run on a started cluster; ``go`` gives its evidence."""

    def __init__(self, cluster: Cluster, plan: Sequence[Fault], load: Load, seed: int) -> None:
        self.cluster, self.plan, self.load, self.seed = cluster, plan, load, seed
        self.evidence = cluster.evidence
        self._asking = True
        self._people = list(cluster.people)
        self._asked: list[tuple[int, Tab, str]] = []  # whose, in which tab, which request
        self._listening: list[asyncio.Task[None]] = []

    async def go(self, seconds: float) -> Evidence:
        """Ask for so long; raises what a client itself fell over."""
        self.cluster.provider.script(tokens=self.load.tokens, rate=self.load.rate, marked=True)
        witness = Witness(self.cluster)
        pairs = [self._pair(number) for number in range(-(-self.load.streams // SLOTS))]
        async with living([tab for pair in pairs for tab in pair]) as tabs:
            slots = [(number, slot) for number in range(len(pairs)) for slot in range(SLOTS)][: self.load.streams]
            asking = [asyncio.create_task(self._ask(*pairs[number], number, slot)) for number, slot in slots]
            striking = asyncio.create_task(self._strike())
            await asyncio.wait([*asking, striking], timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
            self._asking = False
            await striking
            await settled(tabs)
            if self._listening:
                await asyncio.wait(self._listening, timeout=LISTENING_S)
            for task in (*asking, *self._listening):
                task.cancel()
            await quietly([*asking, *self._listening])
        await self._reload()
        self.evidence.notes += await asyncio.to_thread(self.cluster.calls)
        await asyncio.to_thread(witness.end)
        return self.evidence

    def _pair(self, number: int) -> tuple[Tab, Tab]:
        """A tab that asks, and another one of the same person."""
        return self._tab(f"asker-{number}", number), self._tab(f"watcher-{number}", number)

    def _tab(self, name: str, number: int) -> Tab:
        person = self._people[number % len(self._people)]
        cluster = self.cluster
        return Tab(name, cluster.cookie(person), cluster.origin, cluster.doors, self.evidence, f"{self.seed} {name}")

    async def _strike(self) -> None:
        begun = time.monotonic()
        strikes = []
        for fault in self.plan:
            await asyncio.sleep(max(0, begun + fault.at_s - time.monotonic()))
            strikes.append(asyncio.create_task(self.cluster.strike(fault)))
        await asyncio.gather(*strikes)

    async def _ask(self, asker: Tab, watcher: Tab, number: int, slot: int) -> None:
        """One conversation after the other, until the time is over."""
        chance = random.Random(f"{self.seed} {number} {slot}")
        await asyncio.sleep(chance.uniform(0, min(self.load.takes_s, 3)))
        while self._asking:
            conversation = None
            for _turn in range(chance.choice(TURNS)):
                request_id = self._request(asker, number, chance)
                await asker.ask(request_id, QUESTION + request_id, conversation)
                await self._watch(asker, watcher, request_id, number, chance)
                conversation = await self._known(asker, request_id)
                if conversation is None:
                    break
                if chance.random() < self.load.queued:
                    continue  # the next question is asked while this answer is being written
                await self._end(asker, request_id)
                if chance.random() < self.load.continued:
                    await self._go_on(asker, request_id, number, chance)
            for request_id in asker.unfinished_of(conversation):
                await self._end(asker, request_id)

    async def _watch(self, asker: Tab, watcher: Tab, request_id: str, number: int, chance: random.Random) -> None:
        """Others may look on, and one of those who look may stop it."""
        if chance.random() < self.load.watched:
            await watcher.watch(request_id)
        if chance.random() < self.load.listened:
            self._listen(number, request_id)
        if chance.random() < self.load.cancelled:
            await asyncio.sleep(chance.uniform(0.2, self.load.takes_s))
            await asker.cancel(request_id)

    async def _known(self, asker: Tab, request_id: str) -> str | None:
        """The conversation that a request is in, once its answer has begun; None: it was refused."""
        while request_id in asker.unfinished and asker.readers[request_id].start is None:
            await asyncio.sleep(LOOK_S)
        start = asker.readers[request_id].start
        return str(start["conversation_id"]) if start else None

    async def _end(self, asker: Tab, request_id: str) -> None:
        while request_id in asker.unfinished:
            await asyncio.sleep(LOOK_S)

    async def _go_on(self, asker: Tab, request_id: str, number: int, chance: random.Random) -> None:
        """Have an answer continued that did not come to its end."""
        reader = asker.readers[request_id]
        if reader.end is None or reader.start is None or reader.end.get("status") not in CAN_GO_ON:
            return
        again = self._request(asker, number, chance)
        await asker.go_on(again, reader.start["message_id"])
        await self._end(asker, again)

    def _request(self, asker: Tab, number: int, chance: random.Random) -> str:
        request_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        self._asked.append((number, asker, request_id))
        return request_id

    def _listen(self, number: int, request_id: str) -> None:
        """Somebody reads the answer as an event stream."""
        person = self._people[number % len(self._people)]
        name = f"listener-{request_id}"
        listener = Listener(name, self.cluster.cookie(person), self.cluster.doors, self.evidence, f"{self.seed} {name}")
        self._listening.append(asyncio.create_task(listener.listen(request_id)))

    async def _reload(self) -> None:
        """Somebody new in each person's name reads every answer from the beginning."""
        newcomers = [self._tab(f"newcomer-{number}", number) for number in range(len(self._people))]
        async with living(newcomers):
            for number, asker, request_id in self._asked:
                if request_id not in asker.refused:
                    await newcomers[number % len(newcomers)].watch(request_id)
            await settled(newcomers)
        for reader in [reader for tab in newcomers for reader in tab.readers.values()]:
            if reader.end is not None:
                status = reader.end.get("status", "failed")
                note = Reloaded(at=time.time(), request_id=reader.request_id, status=status, text=reader.text)
                self.evidence.add(note)


@contextlib.asynccontextmanager
async def living(tabs: list[Tab]) -> AsyncIterator[list[Tab]]:
    """The tabs are connected for the length of a block; raises what one of them fell over."""
    lives = [asyncio.create_task(tab.live()) for tab in tabs]
    try:
        yield tabs
    finally:
        for life in lives:
            life.cancel()
        await quietly(lives)


async def quietly(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Wait for tasks that were cancelled; raises what they fell over before."""
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [result for result in results if isinstance(result, Exception)]
    if failed:
        raise ExceptionGroup("clients failed", failed)


async def settled(tabs: Sequence[Tab]) -> None:
    """Wait until each of them has seen the end of all it began to watch, or it is in vain."""
    deadline = time.monotonic() + HEALING_S
    while any(tab.unfinished for tab in tabs) and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
