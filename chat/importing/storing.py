"""Storing a conversation of another product as one of our own, once."""

import datetime
from typing import TYPE_CHECKING, Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import Conversation, Message, Origin

from .tree import STEP, ForeignConversation, Node

if TYPE_CHECKING:
    from accounts.models import User

MAX_MESSAGES = 10_000
MAX_TEXT = 1_000_000
Outcome = Literal["imported", "known", "empty", "unreadable"]


@transaction.atomic
def store(user: "User", source: str, found: ForeignConversation) -> Outcome:
    """Blocking: one transaction. What was imported before stays as it is now, with all that was added since."""
    key = f"{source}:{_clean(found.id)}"[:100]
    if Conversation.objects.visible_to(user).filter(origin__key=key).exists():
        return "known"
    if not found.nodes:
        return "empty"
    if len(found.nodes) > MAX_MESSAGES:
        return "unreadable"
    conversation = _created(user, found)
    Origin.objects.create(conversation=conversation, key=key)
    messages: dict[str | None, Message] = {}
    for node in found.nodes:
        messages[node.id] = _message(conversation, node, messages.get(node.parent))
    Message.objects.bulk_create(messages.values(), batch_size=200)
    last = messages.get(found.leaf) or messages[found.nodes[-1].id]
    conversation.choose_branch(last.pk)
    return "imported"


def _created(user: "User", found: ForeignConversation) -> Conversation:
    title = " ".join(_clean(found.title).split())[:200]
    began = _past(found.created_at) or timezone.now()
    return Conversation.objects.create(
        owner=user,
        title=title or Conversation.title_from(_clean(found.nodes[0].text)),
        created_at=began,
        updated_at=max(_past(found.updated_at) or began, began),
    )


def _message(conversation: Conversation, node: Node, parent: Message | None) -> Message:
    """Never older than its parent: the order of siblings is that of their times."""
    earliest = parent.created_at + STEP if parent else conversation.created_at
    text = _clean(node.text)[:MAX_TEXT]
    if node.attachments:
        text = f"{text}\n\n*{_('Attachments were not imported.')}*".strip()
    at = max(_past(node.at) or earliest, earliest)
    return Message(conversation=conversation, parent=parent, role=node.role, text=text, created_at=at)


def _past(at: datetime.datetime | None) -> datetime.datetime | None:
    """A time as the product wrote it, if it can be one."""
    if at is None:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
    return at if datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC) < at <= timezone.now() else None


def _clean(text: str) -> str:
    """Without what databases refuse."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
