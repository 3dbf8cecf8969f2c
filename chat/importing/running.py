"""An import at work: one conversation after the other, each a transaction of its own, beside everything else."""

import logging
from typing import TYPE_CHECKING

import msgspec
from django.db import DatabaseError

from chat import hints
from chat.database import in_database
from chat.models import Import

from .reading import Upload
from .storing import Outcome, store
from .tree import Unreadable

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)


async def run(user: "User", upload: Upload, job: Import) -> None:
    """Import all; the job says how far it is. A restart ends it: uploading again goes on where it stopped."""
    try:
        for raw in upload.conversations:
            await in_database(_one, user, upload, raw, job)
    except DatabaseError as error:
        logger.error("import: user=%s %s", user.pk, error)
    finally:
        await in_database(job.finish)
    newest = await in_database(user.conversations.order_by("-updated_at").first)
    if newest is not None:
        await hints.conversation_updated(user.pk, newest.pk, "created")


def _one(user: "User", upload: Upload, raw: msgspec.Raw, job: Import) -> None:
    outcome: Outcome
    attachments = 0
    try:
        found = upload.read_conversation(raw)
    except Unreadable:
        outcome = "unreadable"
    else:
        outcome = store(user, upload.source, found)
        attachments = found.attachments if outcome == "imported" else 0
    job.count(outcome, attachments)
