"""A conversation of one's own that begins as a copy of another one."""

from typing import TYPE_CHECKING

from django.db import transaction

from .models import Conversation, Generation, Message

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def fork(conversation: Conversation, owner: "User") -> Conversation:
    """Copy the active branch as it is now; an answer that is being written is left out."""
    copy = Conversation.objects.create(owner=owner, title=conversation.title)
    parent: Message | None = None
    copies = []
    for message in _finished(conversation):
        parent = Message(
            conversation=copy,
            parent=parent,
            role=message.role,
            text=message.text,
            thinking=message.thinking,
            created_at=message.created_at,
        )
        copies.append(parent)
    Message.objects.bulk_create(copies, batch_size=200)
    copy.active_leaf = parent
    copy.save(update_fields=["active_leaf"])
    return copy


def _finished(conversation: Conversation) -> list[Message]:
    """The branch up to the first answer that is not done."""
    active = Generation.objects.active().filter(message__conversation=conversation)
    unfinished = set(active.values_list("message_id", flat=True))
    branch = conversation.branch()
    end = next((place for place, message in enumerate(branch) if message.pk in unfinished), len(branch))
    return branch[:end]
