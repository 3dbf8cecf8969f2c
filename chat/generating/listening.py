"""What other processes tell this one to do at once; should they not be heard, the pulse finds it in the database."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import DatabaseError

from chat import hints
from chat.database import in_database
from chat.models import site_prompt
from chat.moderating import rules

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)


async def listen(process: "Process") -> None:
    """For as long as the process lives."""
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel("process")
    await layer.group_add(hints.PROCESSES, channel)
    async with asyncio.TaskGroup() as tasks:
        if hasattr(layer, "listen"):  # to other processes, when there can be any
            tasks.create_task(layer.listen())
        while True:
            message = await layer.receive(channel)
            if message == {"type": "rules.changed"}:
                tasks.create_task(_look_at_rules())
            else:
                _obey(process, message)


def _obey(process: "Process", message: dict[str, Any]) -> None:
    match message:
        case {"type": "cancel.requested", "generation_id": str(text)}:
            try:
                process.cancel(UUID(text))
            except ValueError:
                logger.warning("a hint that names no generation")


async def _look_at_rules() -> None:
    try:
        await in_database(rules.look)
        await in_database(site_prompt.look)
    except DatabaseError as error:
        logger.error("could not look at the rules: %s", error)
