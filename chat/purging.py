"""What was deleted goes for good, once nobody can take that back any more."""

import asyncio
import logging

from django.db import DatabaseError
from django.utils import timezone

from accounts.forgetting import forget_ended_sign_ins

from .database import in_database
from .models import Conversation, RetentionRun

logger = logging.getLogger(__name__)
INTERVAL_S = 60.0
NIGHT_HOUR = 2  # UTC


async def keep_purging() -> None:
    """For the life of the process; one transaction for each conversation, so that nobody waits long for the lock."""
    while True:
        try:
            await in_database(delete_expired)
            while await in_database(purge_one):
                pass
        except DatabaseError as error:
            logger.error("purging failed: %s", error)
        await asyncio.sleep(INTERVAL_S)


def delete_expired() -> None:
    """Once a night, in one process: delete what the site keeps no longer. Blocking."""
    now = timezone.now()
    if now.hour < NIGHT_HOUR:
        return
    run = RetentionRun.objects.claim(now)
    if run is not None:
        forget_ended_sign_ins(now)
    while run is not None and run.delete_some(now):
        pass


def purge_one() -> bool:
    """Remove one conversation with all that belongs to it; false when there is none. Blocking."""
    found = Conversation.objects.purgeable().first()
    if found is not None:
        found.delete()
    return found is not None
