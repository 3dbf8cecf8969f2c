"""The logs of this process: those being written, those that ended a short while ago, and replays from the database."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from chat import protocol
from chat.models import Generation

from .events import EndEvent, Event, StartEvent, text_events
from .frames import end_frame, start_frame
from .journal import Journal
from .log import GenerationLog, Outlet
from .replica import Replica

UNWATCHED_S = 30.0  # how long a replica is kept for who may come back to it
KEPT_S = 180.0  # how long a log outlives its end; then the database answers
REPLAY_EPOCH = 0  # the numbering of replays; a log's own epochs begin at 1


class Tailing(Protocol):
    """Keeps replicas up to date."""

    def follow(self, replica: Replica) -> None: ...

    def leave(self, replica: Replica) -> None: ...


class LogHub:
    """Finds the log of a generation, whoever asks for it: its own, or a replica of another process's.

    With an ``outlet`` what is written here is for other processes, too; with a ``tail`` theirs is read.
    """

    outlet: Outlet | None = None
    tail: Tailing | None = None

    def __init__(self, journals: Path) -> None:
        self.journals = journals
        self.replicas: dict[UUID, Replica] = {}
        self._logs: dict[UUID, GenerationLog] = {}
        self._by_request: dict[tuple[UUID, UUID], GenerationLog] = {}
        self._ended: dict[UUID, float] = {}

    def __iter__(self) -> Iterator[GenerationLog]:
        return iter(self._logs.values())

    def create(
        self, generation: Generation, journal: Journal | None = None, events: Sequence[Event] = ()
    ) -> GenerationLog:
        """The log of a generation that this process runs; with what its journal holds already."""
        journal = journal or Journal(self.journals, generation.pk)
        message = generation.message
        log = GenerationLog(
            generation.pk, generation.request_id, generation.user_id, message.conversation_id, journal, events
        )
        log.outlet = self.outlet
        self._keep(log)
        return log

    def follow(self, generation: Generation) -> GenerationLog:
        """The log of an active generation: this process's own, or a replica. Needs ``message`` loaded."""
        log = self._logs.get(generation.pk)
        if log is None:
            log = self.replicas[generation.pk] = replica = Replica(generation)
            self._keep(replica)
            if self.tail is not None:
                replica.live = True
                self.tail.follow(replica)
        return log

    def _keep(self, log: GenerationLog) -> None:
        """A process that takes over what it has watched has its viewers go on in its own log."""
        before = self._logs.get(log.generation_id)
        self._logs[log.generation_id] = log
        self._by_request[log.user_id, log.request_id] = log
        if isinstance(before, Replica):
            self._end_replica(before)
            before.hand_over_to(log)

    def get(self, generation_id: UUID) -> GenerationLog | None:
        return self._logs.get(generation_id)

    def find(self, user_id: UUID, request_id: UUID) -> GenerationLog | None:
        """The log of a request, as its own user names it."""
        return self._by_request.get((user_id, request_id))

    def retire(self, log: GenerationLog) -> None:
        """The log has ended: keep it for a while for those who come back."""
        self._ended[log.generation_id] = time.monotonic()

    def sweep(self) -> None:
        """Drop the logs that ended long enough ago, and the replicas that nobody watches any more."""
        now = time.monotonic()
        for replica in list(self.replicas.values()):
            if replica.unwatched_since is not None and replica.unwatched_since < now - UNWATCHED_S:
                self._end_replica(replica)
                self.forget(replica.generation_id)
        deadline = now - KEPT_S
        for generation_id in [key for key, ended_at in self._ended.items() if ended_at < deadline]:
            del self._ended[generation_id]
            self.forget(generation_id)

    def replace(self, log: GenerationLog, generation: Generation) -> None:
        """It is another process's now: whoever watches goes on there."""
        self.forget(log.generation_id)
        if log.viewers:
            log.hand_over_to(self.follow(generation))

    def _end_replica(self, replica: Replica) -> None:
        self.replicas.pop(replica.generation_id, None)
        if self.tail is not None:
            self.tail.leave(replica)

    def forget(self, generation_id: UUID) -> None:
        log = self._logs.pop(generation_id, None)
        if log is not None:
            self._by_request.pop((log.user_id, log.request_id), None)


def replay(generation: Generation, budget: protocol.Budget) -> GenerationLog:
    """The log of an ended generation, made anew from the database; the same each time."""
    message = generation.message
    thinking_end = generation.thinking_start + generation.thinking_length
    text_end = generation.text_start + generation.text_length
    events: list[Event] = [StartEvent(start_frame(generation, REPLAY_EPOCH))]
    events += text_events("thinking", message.thinking[generation.thinking_start : thinking_end])
    events += text_events("token", message.text[generation.text_start : text_end])
    events.append(EndEvent(end_frame(generation, len(events), budget)))
    return GenerationLog(
        generation.pk, generation.request_id, generation.user_id, message.conversation_id, events=events
    )
