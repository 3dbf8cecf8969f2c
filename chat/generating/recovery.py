"""At start: takes over what a process that is gone left queued or running."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from chat.models import Generation

from .events import StartEvent, text_events
from .frames import start_frame
from .log import GenerationLog

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)


def recover(process: "Process") -> list[tuple[Generation, GenerationLog]]:
    """The unfinished generations, oldest first, each with its log as far as anybody can have seen it.

    Blocking. Only for a process that is alone on its data folder: everything it finds belongs to the dead.
    """
    unfinished = Generation.objects.active().select_related(
        "message__conversation", "message__parent", "continues", "language_model", "user"
    )
    recovered: list[tuple[Generation, GenerationLog]] = []
    for generation in unfinished.order_by("created_at"):
        log = process.hub.create(generation, recover=True)
        if generation.status == Generation.Status.RUNNING:
            if not generation.take_over(process.id):
                process.hub.forget(log.generation_id)
                continue
            if not log.events:
                _rebuild(generation, log)
            logger.warning("taking over: request=%s seq=%s", log.request_id, log.seq)
        recovered.append((generation, log))
    _remove_journals_except({generation.pk for generation, _ in recovered}, process.hub.journals)
    return recovered


def may_go_on(generation: Generation) -> bool:
    """Whether a generation that was taken over may ask the provider again."""
    return settings.TAKEOVER and generation.takeovers <= 1 and generation.cancel_requested_at is None


def _remove_journals_except(generation_ids: set[UUID], folder: Path) -> None:
    """The process died between storing an answer and forgetting its journal."""
    for path in folder.glob("*.jsonl"):
        if path.stem not in {str(generation_id) for generation_id in generation_ids}:
            path.unlink(missing_ok=True)


def _rebuild(generation: Generation, log: GenerationLog) -> None:
    """The journal is gone: begin a new numbering from the checkpoint."""
    message = generation.message
    generation.start_over(generation.model)
    events = [*text_events("thinking", message.thinking[generation.thinking_start :])]
    events += text_events("token", message.text[generation.text_start :])
    log.rebuild(StartEvent(start_frame(generation, generation.epoch)), events)
