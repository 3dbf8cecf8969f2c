"""Looks into the database for what nobody else says of answers that other processes write.

How far they are, when Redis is away or there is none: the checkpoints, once a second. In any case that they have ended.
"""

import asyncio
import datetime
import logging
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone

from chat.database import in_database
from chat.models import Generation

from .events import Event
from .frames import budget_now, queued_frame
from .hub import LogHub, replay
from .replica import Replica

logger = logging.getLogger(__name__)
LOOK_S = 1.0
ON_ITS_WAY = datetime.timedelta(seconds=2)
LIVE_LOOKS = 5  # what is read from Redis is looked at in every so many rounds only


class Found(NamedTuple):
    """A generation as it is stored, with all its events if it has ended."""

    generation: Generation
    events: list[Event] | None


async def keep_looking(hub: LogHub) -> None:
    """For as long as the process lives."""
    rounds = 0
    while True:
        await asyncio.sleep(LOOK_S)
        rounds += 1
        seldom = rounds % LIVE_LOOKS == 0
        watched = [replica for replica in hub.replicas.values() if replica.viewers and not replica.ended]
        watched = [replica for replica in watched if seldom or not replica.live]
        if not watched:
            continue
        try:
            found = await in_database(_find, {replica.generation_id for replica in watched})
        except DatabaseError as error:
            logger.error("looking for answers of other processes: %s", error)
            continue
        for replica in watched:
            _tell(replica, found.get(replica.generation_id))


def _tell(replica: Replica, found: Found | None) -> None:
    """Bring a replica up to date, unless it is further already."""
    if found is None:
        for viewer in list(replica.viewers):
            viewer.detach(replica.generation_id)  # it was deleted
    elif found.events is not None:
        if not (replica.live and _just_now(found.generation)):
            replica.finish(found.events)
    elif found.generation.status == Generation.Status.RUNNING:
        replica.look_at(found.generation)
    elif not replica.events:
        replica.queue_at(queued_frame(found.generation, 0))


def _just_now(generation: Generation) -> bool:
    """Whether the log's own end may still be on its way."""
    return generation.finished_at is not None and generation.finished_at > timezone.now() - ON_ITS_WAY


def _find(generation_ids: Collection[UUID]) -> dict[UUID, Found]:
    """Blocking."""
    known = Generation.objects.filter(pk__in=generation_ids).select_related("message", "continues", "user")
    return {
        generation.pk: Found(
            generation, None if generation.active else replay(generation, budget_now(generation.user)).events
        )
        for generation in known
    }
