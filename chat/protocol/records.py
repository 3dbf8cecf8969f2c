"""What the API answers at once: conversations, messages and models as they are stored, as typed structs."""

from datetime import datetime
from uuid import UUID

import msgspec

from .server import Budget


class ConversationRecord(msgspec.Struct, frozen=True):
    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    pinned: bool
    archived: bool


class ConversationPage(msgspec.Struct, frozen=True):
    """Newest first. ``next`` is the ``before`` of the page that follows; null at the end."""

    conversations: list[ConversationRecord]
    next: str | None


class MessageRecord(msgspec.Struct, frozen=True):
    """``parent_id`` makes a tree: siblings are edits of a prompt or other answers to it.

    Of an answer: the model that spoke last, and how that ended.
    """

    id: UUID
    parent_id: UUID | None
    role: str
    text: str
    created_at: datetime
    model: str | None
    status: str | None
    finish_reason: str | None


class ConversationWhole(msgspec.Struct, frozen=True):
    """With all its messages, oldest first. ``active_leaf_id`` is the end of the branch that is shown."""

    conversation: ConversationRecord
    active_leaf_id: UUID | None
    messages: list[MessageRecord]


class ModelRecord(msgspec.Struct, frozen=True):
    name: str
    label: str
    provider: str
    context_window: int
    max_output_tokens: int


class ModelList(msgspec.Struct, frozen=True):
    """Those that this person may use, the default first."""

    models: list[ModelRecord]


class Me(msgspec.Struct, frozen=True):
    """Whose key or session this is."""

    id: UUID
    name: str
    email: str
    budget: Budget
