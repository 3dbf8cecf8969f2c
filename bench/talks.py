"""Conversations in bulk, of words w0, w1, …, the first ones the most frequent, as in a language."""

import random
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Conversation, Generation, Message

IN_EACH = 50  # messages of a conversation
WORDS = 80  # of a message
VOCABULARY = 20_000


def fill(user: "User", count: int) -> None:
    """So many messages of this person and of models that answer."""
    from django.db import transaction

    chance = random.Random(1)
    weights = [1 / (n + 1) for n in range(VOCABULARY)]
    vocabulary = [f"w{n}" for n in range(VOCABULARY)]
    with transaction.atomic():
        for n in range(count // IN_EACH):
            words = chance.choices(vocabulary, weights, k=IN_EACH * WORDS)
            talk(user, f"Talk {n}", [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)])


def talk(user: "User", title: str, texts: list[str]) -> "Conversation":
    """One conversation; every second text is an answer and has its generation."""
    from chat.models import Conversation, Generation, Message

    conversation = Conversation.objects.create(owner=user, title=title)
    messages: list[Message] = []
    for place, text in enumerate(texts):
        parent = messages[-1] if messages else None
        role = "assistant" if place % 2 else "user"
        messages.append(Message(conversation=conversation, parent=parent, role=role, text=text))
    Message.objects.bulk_create(messages)
    Generation.objects.bulk_create(answered(user, answer) for answer in messages[1::2])
    conversation.touch(messages[-1])
    return conversation


def answered(user: "User", answer: "Message") -> "Generation":
    from chat.models import Generation

    return Generation(
        user=user,
        request_id=uuid.uuid4(),
        message=answer,
        model="m",
        status="completed",
        max_output_tokens=100,
        text_length=len(answer.text),
        created_at=answer.created_at,
        finished_at=answer.created_at,
    )
