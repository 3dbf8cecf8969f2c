"""Takes what this process writes to Redis, and lets its viewers see what is there: one call at a time, for all logs.

What piles up during a call goes with the next one. While Redis is away, the journal alone holds what viewers see. A
next runner on another machine could know less than they do, so before they see any of it the database is told:
whoever takes over then begins a new numbering instead of going on in the middle of what was seen.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError
from redis import RedisError

from chat.database import in_database
from chat.models import Generation
from config.redis import cancelled

from .log import GenerationLog
from .redis_log import ANYTHING, Append, RedisLog

logger = logging.getLogger(__name__)
RETRY_S = (0.0, 0.1, 0.2, 0.5, 1.0)
AWAY = (RedisError, OSError, TimeoutError)


class Copy:
    """One log as Redis holds it: how many of its events, under which epoch, and the id of the last entry."""

    def __init__(self, log: GenerationLog, key: bytes) -> None:
        self.log = log
        self.key = key
        self.epoch = 0
        self.count = 0
        self.last = ANYTHING

    def append(self) -> Append | None:
        """What Redis does not hold yet; all of it when the log began anew."""
        log = self.log
        if self.epoch != log.epoch:
            self.forget()
        if self.count == log.seq:
            return None
        return Append(self.key, self.last, b"%d-%d" % (log.fence, log.seq), log.epoch, log.events[self.count :])

    def written(self, append: Append) -> None:
        """Redis holds it: viewers may see as much."""
        self.epoch, self.last = append.epoch, append.id
        self.count += len(append.events)
        if self.log.epoch == self.epoch:
            self.log.show(self.count)

    def forget(self) -> None:
        """Redis has lost it, or holds something else."""
        self.count, self.last = 0, ANYTHING


class Flusher:
    """The outlet of all logs of a process. ``replaced`` is told of a generation that has another runner."""

    def __init__(self, redis_log: RedisLog, replaced: Callable[[UUID], None]) -> None:
        self._redis_log = redis_log
        self._replaced = replaced
        self._copies: dict[UUID, Copy] = {}
        self._waiting: dict[UUID, Copy] = {}
        self._wake = asyncio.Event()
        self._alone = False  # the journal has to do
        self._admitted: set[UUID] = set()  # what the database was told of

    def want(self, log: GenerationLog) -> None:
        copy = self._copies.get(log.generation_id)
        if copy is None or copy.log is not log:
            copy = self._copies[log.generation_id] = Copy(log, self._redis_log.key(log.generation_id))
        self._waiting[log.generation_id] = copy
        if self._alone:
            log.show(log.seq)
        self._wake.set()

    def forget(self, generation_id: UUID) -> None:
        """Nothing more of it is to be written."""
        self._copies.pop(generation_id, None)
        self._waiting.pop(generation_id, None)

    async def run(self) -> None:
        """For as long as the process lives."""
        while not cancelled():
            await self._wake.wait()
            try:
                await self._flush()
            except AWAY as error:
                await self._go_on_alone(error)

    async def _flush(self) -> None:
        """Write what waits. What could not be written still waits."""
        self._wake.clear()
        waiting, self._waiting = self._waiting, {}
        batch = {append.key: (copy, append) for copy in waiting.values() if (append := copy.append())}
        if not batch:
            return
        try:
            refusals = await self._redis_log.append([append for _copy, append in batch.values()])
        except BaseException:
            self._waiting = waiting | self._waiting
            raise
        for refusal in refusals:
            copy, append = batch.pop(refusal.append.key)
            self._refused(copy, refusal.fence > int(append.id.partition(b"-")[0]))
        for copy, append in batch.values():
            copy.written(append)
            if copy.log.ended and copy.count == copy.log.seq:
                self.forget(copy.log.generation_id)

    def _refused(self, copy: Copy, passed: bool) -> None:
        if passed:
            self.forget(copy.log.generation_id)
            self._replaced(copy.log.generation_id)
            return
        logger.info("redis lost a log, writing it again: request=%s", copy.log.request_id)
        copy.forget()
        self._waiting.setdefault(copy.log.generation_id, copy)
        self._wake.set()

    async def _go_on_alone(self, error: BaseException) -> None:
        """Until Redis is back and holds everything again."""
        logger.warning("redis is away, the journal holds what is written meanwhile: %s", error)
        retries = iter(RETRY_S)
        while not cancelled():
            await self._admit()
            self._alone = True
            for copy in list(self._copies.values()):
                copy.log.show(copy.log.seq)
            await asyncio.sleep(next(retries, RETRY_S[-1]))
            self._alone = False
            try:
                self._waiting = dict(self._copies)
                while self._waiting:
                    await self._flush()
                break
            except AWAY:
                continue
        logger.warning("redis is back and holds everything again")
        await self._withdraw()

    async def _admit(self) -> None:
        """Tell the database that Redis may hold less than people have seen; nothing is shown before it knows."""
        while True:
            fences = {
                key: copy.log.fence
                for key, copy in self._copies.items()
                if copy.count and not copy.log.ended and key not in self._admitted
            }
            try:
                held = await in_database(Generation.objects.outgrow_their_logs, fences)
            except DatabaseError as error:
                logger.error("neither redis nor the database can be used: %s", error)
                await asyncio.sleep(RETRY_S[-1])
                continue
            for key in fences.keys() - held:
                # An answer that has ended meanwhile is not held either; its last event is still to be shown.
                if key in self._copies and not self._copies[key].log.ended:
                    self.forget(key)
                    self._replaced(key)
            self._admitted |= held
            return

    async def _withdraw(self) -> None:
        """Redis holds all that people have seen: whoever takes over goes on in it."""
        epochs = {key: (copy.log.fence, copy.log.epoch) for key, copy in self._copies.items() if key in self._admitted}
        self._admitted.clear()
        try:
            await in_database(Generation.objects.keep_their_logs, epochs)
        except DatabaseError as error:  # then the next runner begins a new numbering, which is never wrong
            logger.error("flushing: %s", error)
