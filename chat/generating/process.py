"""What runs beside requests in one server process: its runners, its logs, its viewers."""

import asyncio
import contextvars
import uuid
import weakref
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import factor_secrets
from chat import protocol
from chat.database import in_database, shared
from chat.models import Generation
from chat.protocol import Refused
from chat.providers.catalogue import keep_in_step, sync_at_start
from chat.providers.registry import aclose_all
from chat.purging import keep_purging
from chat.rolling_up import keep_rolled_up
from config import redis

from . import ending, recovery
from .admission import Admission
from .budget_news import BudgetNews
from .finding import keep_finding
from .flushing import Flusher
from .groundwork import Groundwork
from .hub import LogHub
from .listening import listen
from .lock import DataLock
from .log import GenerationLog
from .looking import keep_looking
from .pulse import Pulse
from .reaper import keep_reaping
from .redis_log import RedisLog
from .runner import Runner
from .sweeping import keep_sweeping
from .tailing import Tail
from .titling import Titles
from .viewer import Viewer

RECONNECT_AFTER_MS = 500
QUEUE_RETRY_S = 30.0


class Process:
    """The generating part of this server process; there is one, made by ``current()``."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self.redis_log: RedisLog | None = None
        self.hub = LogHub(Path(settings.DATA_DIR) / "journal")
        self.admission = Admission(settings.MAX_GENERATIONS, settings.MAX_GENERATIONS_PER_USER)
        self.runners: dict[UUID, Runner] = {}
        self.viewers: weakref.WeakSet[Viewer] = weakref.WeakSet()
        self.draining = False
        self.budget_news = BudgetNews(self.spawn)
        self._lock = DataLock(Path(settings.DATA_DIR))
        self.titles = Titles(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting: asyncio.Task[None] | None = None

    async def ensure_started(self) -> None:
        """Start, once. Raises DataInUse."""
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_task(self._start(), context=contextvars.Context())
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        """Learn which models there are, take what a dead process left over, then keep the pulse."""
        if not shared():
            self._lock.acquire()
        if settings.REDIS_URL:
            self._share_logs(settings.REDIS_URL, settings.REDIS_PREFIX)
        await in_database(factor_secrets.reseal)
        if not await sync_at_start():
            self.spawn(keep_in_step())
        if shared():
            self.spawn(keep_reaping(self))
        else:  # then whatever is unfinished belonged to the dead
            while left_behind := await in_database(recovery.take_over, self, Generation.objects.active()):
                await self.go_on_with(left_behind)
        if shared():
            self.spawn(keep_finding(self))
        self.spawn(listen(self))
        self.spawn(keep_looking(self.hub))
        self.spawn(Pulse(self).run())
        self.spawn(keep_sweeping(self.hub.journals))
        self.spawn(keep_purging())
        self.spawn(keep_rolled_up())

    def _share_logs(self, url: str, prefix: str) -> None:
        """What is written here can be read in other processes, and the other way round."""
        self.redis_log = RedisLog(redis.connect(url), prefix)
        self.hub.outlet = flusher = Flusher(self.redis_log, self.replaced)
        self.hub.tail = tail = Tail(self.redis_log, url, prefix)
        self.spawn(flusher.run())
        self.spawn(tail.run())

    def replaced(self, generation_id: UUID) -> None:
        """Another process has taken a generation over: what this one does for it ends at once."""
        runner = self.runners.get(generation_id)
        if runner is not None:
            runner.replaced()

    def submit(
        self, generation: Generation, follows: Generation | None = None, ground: Groundwork | None = None
    ) -> GenerationLog:
        """Run a stored generation when its turn comes; its log is there at once."""
        log = self.hub.create(generation)
        self._run(generation, log, self.runners.get(follows.pk) if follows else None, ground)
        return log

    async def go_on_with(self, taken: Sequence[recovery.Taken]) -> None:
        """Run what was taken over from another process."""
        for one in taken:
            log = await recovery.restore(self, one)
            self._run(one.generation, log, self._writing(one.generation))

    def no_room_for(self, user_id: UUID) -> Refused | None:
        """Why the queue takes nothing more of this person; None: it does. Nobody can fill it alone."""
        waiting = [runner for runner in self.runners.values() if not runner.admitted]
        if len(waiting) >= settings.MAX_QUEUED:
            sentence = _("Too many messages are waiting for an answer. Please try again in a minute.")
            return Refused("queue_full", sentence, retryable=True, retry_after_s=QUEUE_RETRY_S)
        if sum(runner.log.user_id == user_id for runner in waiting) >= max(settings.MAX_QUEUED // 2, 1):
            sentence = _("Too many of your messages are waiting for an answer. Please wait for some of them.")
            return Refused("too_many_generations", sentence, retryable=True, retry_after_s=QUEUE_RETRY_S)
        return None

    def cancel(self, generation_id: UUID) -> bool:
        """Stop a generation of this process at once; false when it runs elsewhere or has ended."""
        runner = self.runners.get(generation_id)
        if runner is not None:
            runner.stop(ending.CANCELLED)
        return runner is not None

    def watching(self) -> dict[UUID, list[Viewer]]:
        """Who watches which conversation as a whole."""
        watching: dict[UUID, list[Viewer]] = defaultdict(list)
        for viewer in self.viewers:
            for conversation_id in viewer.conversations:
                watching[conversation_id].append(viewer)
        return watching

    def join(self, logs: Sequence[GenerationLog]) -> None:
        """Show these to whoever watches their conversations and has not seen them yet."""
        watching = self.watching() if logs else {}
        for log in logs:
            for viewer in watching.get(log.conversation_id, ()):
                if not viewer.watches(log.generation_id):
                    viewer.attach(log)

    async def drain(self, within_s: float) -> None:
        """Refuse new work, let running answers end, hand over the rest."""
        self.draining = True
        for viewer in list(self.viewers):
            viewer.tell(protocol.Draining(reconnect_after_ms=RECONNECT_AFTER_MS))
        await self.titles.cancel()
        runners = list(self.runners.values())
        if runners and within_s:
            await asyncio.wait([asyncio.ensure_future(runner.stored.wait()) for runner in runners], timeout=within_s)
        for runner in runners:
            runner.give_up()
        for runner in runners:
            await runner.stored.wait()

    async def stop(self) -> None:
        """End the pulse and let go of the data folder."""
        await self.titles.cancel()
        for task in list(self._tasks):
            task.cancel()
        await aclose_all()
        self._lock.release()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside requests: with a context of its own, and kept until it ends."""
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _writing(self, generation: Generation) -> Runner | None:
        """The runner of the answer that this generation's prompt follows, if that is still being written."""
        prompt = generation.message.parent
        before = prompt.parent_id if prompt else None
        return next((runner for runner in self.runners.values() if runner.generation.message_id == before), None)

    def _run(
        self,
        generation: Generation,
        log: GenerationLog,
        follows: Runner | None = None,
        ground: Groundwork | None = None,
    ) -> None:
        runner = Runner(self, generation, log, follows, ground)
        self.runners[generation.pk] = runner
        task = self.spawn(runner.run())
        task.add_done_callback(lambda _: self.runners.pop(generation.pk, None))


_current: Process | None = None


def current() -> Process:
    """This process's generating part; made on first use, so that it belongs to the process that serves."""
    global _current  # noqa: PLW0603 (one for each process, made late)
    if _current is None:
        _current = Process()
    return _current


async def started() -> Process:
    """The generating part, started: for servers without a lifespan it starts with the first who needs it."""
    process = current()
    await process.ensure_started()
    return process
