"""Takes over what a process that is gone, or hangs, left queued or running."""

import logging
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings

from chat.database import in_database
from chat.models import Generation
from chat.models.generation import GenerationQuerySet

from .answer import Kind
from .events import Event, StartEvent, TextEvent, text_events, text_of
from .flushing import AWAY
from .frames import start_frame
from .journal import Journal
from .log import GenerationLog

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
KINDS: tuple[Kind, Kind] = ("thinking", "token")
AT_ONCE = 50  # so that of several processes each gets some


class Taken(msgspec.Struct, frozen=True):
    """A generation that this process runs now: what its journal holds, and what the database has."""

    generation: Generation
    journal: Journal
    written: list[Event]
    checkpoint: list[TextEvent]


def take_over(process: "Process", left_behind: GenerationQuerySet) -> list[Taken]:
    """Become the runner of these, the oldest first. Blocking."""
    known = left_behind.select_related(
        "message__conversation", "message__parent", "continues", "language_model", "user"
    ).exclude(pk__in=list(process.runners))
    taken = []
    for generation in known.order_by("created_at")[:AT_ONCE]:
        status = generation.status
        if generation.take_over(process.id):
            logger.warning("taking over: request=%s status=%s", generation.request_id, status)
            generation.message.refresh_from_db(fields=["text", "thinking"])  # the fence is ours: they change no more
            journal = Journal(process.hub.journals, generation.pk)
            taken.append(Taken(generation, journal, journal.read(), _checkpoint(generation)))
    return taken


async def restore(process: "Process", taken: Taken) -> GenerationLog:
    """The log as far as anybody can have seen it, from the journal or from Redis; else a new one of the checkpoint.

    Raises JournalError and DatabaseError; somebody takes over from here then.
    """
    generation, written = taken.generation, taken.written
    if generation.status == Generation.Status.QUEUED:
        return process.hub.create(generation, taken.journal)
    shared = await _claimed(process, generation)
    known = [events for events in (written, shared) if _continues(events, taken.checkpoint)]
    longest = max(known, key=_length, default=list[Event]())
    same = bool(longest) and _epoch(longest) == generation.epoch
    log = process.hub.create(generation, taken.journal, longest if same and longest is written else ())
    log.hold(generation.fence)
    if not same:
        await in_database(generation.start_over, generation.model)
        start = StartEvent(start_frame(generation, generation.epoch))
        log.rebuild([start, *(longest[1:] or taken.checkpoint)])
    elif longest is not written:
        log.rebuild(longest)
    return log


def may_go_on(generation: Generation) -> bool:
    """Whether a generation that was taken over may ask the provider again."""
    return settings.TAKEOVER and generation.takeovers <= 1 and generation.cancel_requested_at is None


async def _claimed(process: "Process", generation: Generation) -> list[Event]:
    """What Redis holds of it, to which nobody else can add from now on."""
    if process.redis_log is None:
        return []
    try:
        return await process.redis_log.claim(generation.pk, generation.request_id, generation.fence)
    except AWAY as error:
        logger.warning("taking over without redis: request=%s %s", generation.request_id, error)
        return []


def _checkpoint(generation: Generation) -> list[TextEvent]:
    message = generation.message
    events = [*text_events("thinking", message.thinking[generation.thinking_start :])]
    return [*events, *text_events("token", message.text[generation.text_start :])]


def _continues(events: list[Event], checkpoint: list[TextEvent]) -> bool:
    """Whether it is not older than the checkpoint: another machine may have written on since."""
    texts = ((text_of(events, kind), text_of(checkpoint, kind)) for kind in KINDS)
    return bool(events) and all(text.startswith(saved) for text, saved in texts)


def _length(events: list[Event]) -> int:
    return sum(len(text_of(events, kind)) for kind in KINDS)


def _epoch(events: list[Event]) -> int:
    first = events[0]
    return first.frame.epoch if isinstance(first, StartEvent) else 0
