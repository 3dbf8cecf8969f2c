"""What other processes tell this one to do at once; should they not be heard, the pulse finds it in the database."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from channels.layers import get_channel_layer

from chat import hints

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
            _obey(process, await layer.receive(channel))


def _obey(process: "Process", message: dict[str, Any]) -> None:
    match message:
        case {"type": "cancel.requested", "generation_id": str(text)}:
            try:
                process.cancel(UUID(text))
            except ValueError:
                logger.warning("a hint that names no generation")
