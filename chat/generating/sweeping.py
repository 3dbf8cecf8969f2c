"""Forgets the journals that nobody needs any more: of processes that died after an answer was stored.

Also where another machine has taken an answer over, or its conversation was deleted, and the file stayed behind.
"""

import asyncio
import logging
import time
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError

from chat.database import in_database
from chat.models import Generation

logger = logging.getLogger(__name__)
SWEEP_S = 600.0
DRAFT_S = 60.0  # a journal is copied in a moment


async def keep_sweeping(journals: Path) -> None:
    """For as long as the process lives."""
    while True:
        try:
            await in_database(sweep, journals)
        except (DatabaseError, OSError) as error:
            logger.error("sweeping journals: %s", error)
        await asyncio.sleep(SWEEP_S)


def sweep(journals: Path) -> None:
    """Remove what belongs to no generation that waits or runs. Blocking."""
    # The files first: the generation of one that comes later is not looked for, and its file not touched.
    written = {pk: path for path in journals.glob("*.jsonl") if (pk := _generation(path))}
    active = set(Generation.objects.active().filter(pk__in=written).values_list("pk", flat=True)) if written else set()
    for pk in written.keys() - active:
        written[pk].unlink(missing_ok=True)
    for draft in journals.glob("*.part"):
        if _generation(draft) and draft.stat().st_mtime < time.time() - DRAFT_S:
            draft.unlink(missing_ok=True)


def _generation(path: Path) -> UUID | None:
    """Whose journal it is; None for what somebody else has put there."""
    try:
        return UUID(path.stem)
    except ValueError:
        return None
