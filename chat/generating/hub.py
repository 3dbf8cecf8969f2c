"""The logs of this process: those being written, those that ended a short while ago, and replays from the database."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from chat import protocol
from chat.models import Generation

from .events import EndEvent, Event, StartEvent, text_events
from .frames import end_frame, start_frame
from .journal import Journal
from .log import GenerationLog

KEPT_S = 180.0  # how long a log outlives its end; then the database answers
REPLAY_EPOCH = 0  # the numbering of replays; a log's own epochs begin at 1


class LogHub:
    """Finds the log of a generation, whoever asks for it."""

    def __init__(self, journals: Path) -> None:
        self.journals = journals
        self._logs: dict[UUID, GenerationLog] = {}
        self._by_request: dict[tuple[UUID, UUID], GenerationLog] = {}
        self._ended: dict[UUID, float] = {}

    def __iter__(self) -> Iterator[GenerationLog]:
        return iter(self._logs.values())

    def create(self, generation: Generation, *, recover: bool = False) -> GenerationLog:
        """The log of a generation that this process runs; with what the journal has of it when recovering."""
        journal = Journal(self.journals, generation.pk)
        log = GenerationLog(
            generation.pk,
            generation.request_id,
            generation.user_id,
            generation.message.conversation_id,
            journal,
            journal.read() if recover else (),
        )
        self._logs[log.generation_id] = log
        self._by_request[log.user_id, log.request_id] = log
        return log

    def get(self, generation_id: UUID) -> GenerationLog | None:
        return self._logs.get(generation_id)

    def find(self, user_id: UUID, request_id: UUID) -> GenerationLog | None:
        """The log of a request, as its own user names it."""
        return self._by_request.get((user_id, request_id))

    def retire(self, log: GenerationLog) -> None:
        """The log has ended: keep it for a while for those who come back."""
        self._ended[log.generation_id] = time.monotonic()

    def sweep(self) -> None:
        """Drop the logs that ended long enough ago."""
        deadline = time.monotonic() - KEPT_S
        for generation_id in [key for key, ended_at in self._ended.items() if ended_at < deadline]:
            del self._ended[generation_id]
            self.forget(generation_id)

    def forget(self, generation_id: UUID) -> None:
        log = self._logs.pop(generation_id, None)
        if log is not None:
            self._by_request.pop((log.user_id, log.request_id), None)


def replay(generation: Generation, budget: protocol.Budget) -> GenerationLog:
    """The log of an ended generation, made anew from the database; the same each time."""
    message = generation.message
    log = GenerationLog(generation.pk, generation.request_id, generation.user_id, message.conversation_id)
    thinking_end = generation.thinking_start + generation.thinking_length
    text_end = generation.text_start + generation.text_length
    events: list[Event] = [StartEvent(start_frame(generation, REPLAY_EPOCH))]
    events += text_events("thinking", message.thinking[generation.thinking_start : thinking_end])
    events += text_events("token", message.text[generation.text_start : text_end])
    events.append(EndEvent(end_frame(generation, len(events), budget)))
    log.events = events
    return log
