"""What two processes have of the logs they share."""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from chat.generating.cursor import Cursor
from chat.generating.events import Event
from chat.generating.flushing import Flusher
from chat.generating.hub import LogHub
from chat.generating.journal import Journal
from chat.generating.log import GenerationLog
from chat.generating.redis_log import RedisLog
from chat.generating.tailing import Tail
from chat.models import Generation, Message
from config import redis
from tests.live.client import Reader
from tests.live.redis import RedisServer
from tests.logs import CONVERSATION_ID, REQUEST_ID, apply, text

PREFIX = "parley:test:"


TIMEOUT_S = 20


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other tasks bring about."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.005)


class Side:
    """What a process has of shared logs."""

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.redis_log = RedisLog(redis.connect(server.url), PREFIX)
        self.replaced: list[uuid.UUID] = []
        self.flusher = Flusher(self.redis_log, self.replaced.append)
        self.tail = Tail(self.redis_log, server.url, PREFIX)
        self.hub = LogHub(folder)
        self.hub.outlet, self.hub.tail = self.flusher, self.tail
        self._folder = folder

    async def __aenter__(self) -> "Side":
        self._tasks = [asyncio.create_task(work) for work in (self.flusher.run(), self.tail.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.redis_log.redis.aclose()

    def writes(self, generation_id: uuid.UUID, fence: int = 1, events: list[Event] | None = None) -> GenerationLog:
        """A log that this process writes."""
        journal = Journal(self._folder, generation_id)
        log = GenerationLog(generation_id, REQUEST_ID, uuid.UUID(int=5), CONVERSATION_ID, journal, events or [])
        log.outlet = self.flusher
        log.hold(fence)
        return log

    def watches(self, generation_id: uuid.UUID) -> "Watcher":
        """A viewer of a log that another process writes."""
        message = Message(conversation_id=CONVERSATION_ID)
        user = User(pk=uuid.UUID(int=5))
        generation = Generation(pk=generation_id, request_id=REQUEST_ID, user=user, message=message)
        return Watcher(self.hub.follow(generation))


class Watcher:
    """A viewer that reads as fast as it can, and what it holds."""

    def __init__(self, log: GenerationLog) -> None:
        self.log = log
        self.cursor = Cursor(log)
        self.reader = Reader(str(REQUEST_ID))

    async def reads(self, words: str) -> None:
        """Until it holds these words, at no moment anything else than a beginning of them."""

        def held() -> bool:
            while (frame := self.cursor.next_frame()) is not None:
                apply(self.reader, frame)
                assert words.startswith(self.reader.text)
            return self.reader.text == words

        await until(held)

    async def reads_to_the_end(self) -> None:
        def ended() -> bool:
            while (frame := self.cursor.next_frame()) is not None:
                apply(self.reader, frame)
            return self.cursor.exhausted

        await until(ended)


def say(log: GenerationLog, *words: str) -> None:
    for word in words:
        log.append([text(word)])


def length(server: RedisServer, side: Side, generation_id: uuid.UUID) -> int:
    return int(server.client.xlen(side.redis_log.key(generation_id)))


def entries_of(entries: object) -> list[object]:
    """As they come over the wire."""
    return [[entry_id, [part for pair in fields.items() for part in pair]] for entry_id, fields in entries]  # type: ignore[attr-defined]


def generation_of(generation_id: uuid.UUID) -> Generation:
    message = Message(conversation_id=CONVERSATION_ID)
    return Generation(pk=generation_id, request_id=REQUEST_ID, user=User(pk=uuid.UUID(int=5)), message=message)


async def epoch_is(generation: Generation, expected: Callable[[int], bool]) -> None:
    """Wait until the database says so."""
    async with asyncio.timeout(TIMEOUT_S):
        while not expected((await Generation.objects.aget(pk=generation.pk)).epoch):
            await asyncio.sleep(0.01)
