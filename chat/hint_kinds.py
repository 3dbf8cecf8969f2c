"""What a hint from another process may be: whoever can write to Redis must not become a socket's client or server."""

from typing import Literal
from uuid import UUID

import msgspec


class Kind(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """The type names the handler that takes it, so that every type there is, is here."""


class BudgetChanged(Kind, frozen=True, tag="budget.changed"):
    pass


class SiteNews(Kind, frozen=True, tag="site.news"):
    pass


class SharingChanged(Kind, frozen=True, tag="sharing.changed"):
    pass


class ConversationUpdated(Kind, frozen=True, tag="conversation.updated"):
    conversation_id: UUID
    change: Literal["created", "renamed", "deleted", "archived", "message"]


class GenerationQueued(Kind, frozen=True, tag="generation.queued"):
    generation_id: UUID


class CancelRequested(Kind, frozen=True, tag="cancel.requested"):
    generation_id: UUID


class RulesChanged(Kind, frozen=True, tag="rules.changed"):
    pass


AnyHint = (
    BudgetChanged | SiteNews | SharingChanged | ConversationUpdated | GenerationQueued | CancelRequested | RulesChanged
)
