"""A conversation as a program reads it: the whole tree, with all times, models and counts."""

import datetime
from collections import defaultdict
from uuid import UUID

import msgspec

from chat.models import Conversation, Generation, Message


class GenerationRecord(msgspec.Struct, frozen=True):
    """One attempt at an answer."""

    model: str
    status: str
    finish_reason: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    estimated: bool
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    first_token_at: datetime.datetime | None
    finished_at: datetime.datetime | None

    @classmethod
    def of(cls, generation: Generation) -> "GenerationRecord":
        return cls(**{name: getattr(generation, name) for name in cls.__struct_fields__})


class MessageRecord(msgspec.Struct, frozen=True):
    """``parent_id`` makes the tree; siblings are edits and other answers."""

    id: UUID
    parent_id: UUID | None
    role: str
    text: str
    thinking: str
    created_at: datetime.datetime
    generations: list[GenerationRecord]

    @classmethod
    def of(cls, message: Message, generations: list[GenerationRecord]) -> "MessageRecord":
        return cls(
            message.pk,
            message.parent_id,
            message.role,
            message.text,
            message.thinking,
            message.created_at,
            generations,
        )


class ConversationRecord(msgspec.Struct, frozen=True):
    """``active_leaf_id`` is the newest message of the branch that was shown last."""

    id: UUID
    title: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    pinned_at: datetime.datetime | None
    archived_at: datetime.datetime | None
    active_leaf_id: UUID | None
    messages: list[MessageRecord]

    @classmethod
    def of(cls, conversation: Conversation) -> "ConversationRecord":
        """Two queries, whatever the length.

        Not prefetched: a message that holds its generations, which hold it, is only let go of by the garbage
        collector, and messages are long.
        """
        generations: defaultdict[UUID, list[GenerationRecord]] = defaultdict(list)
        for one in Generation.objects.filter(message__conversation=conversation).order_by("created_at"):
            generations[one.message_id].append(GenerationRecord.of(one))
        messages = conversation.messages.order_by("created_at", "pk")
        own = {name: getattr(conversation, name) for name in cls.__struct_fields__ if name != "messages"}
        return cls(**own, messages=[MessageRecord.of(message, generations[message.pk]) for message in messages])
