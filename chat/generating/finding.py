"""Finds what other processes did and no hint told of here: answers that began, and conversations that changed."""

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import DatabaseError

from chat import protocol
from chat.conversation_watch import ConversationWatch
from chat.database import in_database
from chat.models import Generation

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
FIND_S = 2.0


async def keep_finding(process: "Process") -> None:
    """For as long as the process lives, where there can be others."""
    conversations = ConversationWatch()
    while True:
        await asyncio.sleep(FIND_S)
        try:
            await _join(process)
            if not getattr(get_channel_layer(), "reaches_all", False):
                await _tell_conversations(process, conversations)
        except DatabaseError as error:
            logger.error("looking for what other processes did: %s", error)


async def _join(process: "Process") -> None:
    """Show viewers what other processes write in the conversations that they watch."""
    watched = set(process.watching())
    if not watched:
        return
    known = {log.generation_id for log in process.hub}
    if begun := await in_database(_begun, watched, known):
        process.join([process.hub.follow(generation) for generation in begun])


async def _tell_conversations(process: "Process", watch: ConversationWatch) -> None:
    """Have the pages of those whose conversations changed look at them again."""
    sockets = [viewer for viewer in process.viewers if viewer.budget_changed and viewer.ticket]
    whose = {viewer.ticket.user_id for viewer in sockets if viewer.ticket}
    changed = await in_database(watch.changed_among, whose) if whose else {}
    for viewer in sockets:
        if viewer.ticket and (newest := changed.get(viewer.ticket.user_id)):
            viewer.tell(protocol.ConversationUpdated(conversation_id=newest, change="message"))


def _begun(conversation_ids: set[UUID], known: set[UUID]) -> list[Generation]:
    active = Generation.objects.active().filter(message__conversation__in=conversation_ids)
    return list(active.exclude(pk__in=known).select_related("message"))
