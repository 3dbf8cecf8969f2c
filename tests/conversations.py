"""Conversations as rows, without anybody having asked for them."""

import uuid

from accounts.models import User
from chat.models import Conversation, Generation, Message


def written(owner: User, *texts: str, title: str = "Talk") -> Conversation:
    """A conversation of prompts and answers in turn."""
    conversation = Conversation.objects.create(owner=owner, title=title)
    parent = None
    for n, text in enumerate(texts):
        role = Message.Role.ASSISTANT if n % 2 else Message.Role.USER
        parent = Message.objects.create(conversation=conversation, parent=parent, role=role, text=text)
    if parent:
        conversation.touch(parent)
    return conversation


def generated(message: Message, **fields: object) -> Generation:
    return Generation.objects.create(
        user=message.conversation.owner,
        request_id=uuid.uuid4(),
        message=message,
        model="m",
        max_output_tokens=100,
        **fields,
    )
