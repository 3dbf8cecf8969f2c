"""The reaper of a process: looks for what other processes left behind, and goes on with it."""

import asyncio
import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError

from chat.database import in_database
from chat.models import Generation

from .journal import JournalError
from .recovery import take_over

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
REAP_S = settings.LEASE_S / 3


async def keep_reaping(process: "Process") -> None:
    """For the life of the process, where it shares its database with others."""
    while not process.draining:
        try:
            await process.go_on_with(await in_database(take_over, process, Generation.objects.abandoned()))
        except (DatabaseError, JournalError) as error:
            logger.error("reaper: %s", error)
        await asyncio.sleep(REAP_S)
