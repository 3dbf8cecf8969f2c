"""What the server sends, as typed structs."""

from typing import Literal
from uuid import UUID

import msgspec

ErrorCode = Literal[
    "bad_request",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "too_large",
    "rate_limited",
    "too_many_generations",
    "queue_full",
    "budget_exhausted",
    "model_unavailable",
    "context_too_long",
    "content_blocked",
    "upstream_rate_limited",
    "upstream_overloaded",
    "upstream_auth",
    "upstream_failed",
    "timeout",
    "interrupted",
    "draining",
    "internal",
]


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """What the server sends; optional fields are left out when they say nothing."""


class Budget(msgspec.Struct, frozen=True):
    """A person's tokens today; ``limit`` and ``remaining`` are None when there is no limit."""

    used: int
    reserved: int
    limit: int | None
    remaining: int | None
    resets_at: str


class UserInfo(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    email: str


class Limits(msgspec.Struct, frozen=True):
    frame_bytes: int
    prompt_chars: int
    messages_per_minute: int
    generations: int


class Session(ServerFrame, frozen=True, tag="session"):
    protocol: int
    connection_id: UUID
    user: UserInfo
    budget: Budget
    heartbeat_s: int
    limits: Limits


class Queued(ServerFrame, frozen=True, tag="ai:queued"):
    """``position`` 0 waits for the answer it follows; the ids let a client place what it waits for."""

    request_id: UUID
    position: int
    conversation_id: UUID
    message_id: UUID
    parent_id: UUID


class Start(ServerFrame, frozen=True, tag="ai:start"):
    request_id: UUID
    after: int
    seq: int
    epoch: int
    conversation_id: UUID
    message_id: UUID
    parent_id: UUID
    model: str
    continues: UUID | None = None


class Thinking(ServerFrame, frozen=True, tag="ai:thinking"):
    request_id: UUID
    after: int
    seq: int
    chunk: str


class Token(ServerFrame, frozen=True, tag="ai:token"):
    request_id: UUID
    after: int
    seq: int
    chunk: str


class Usage(msgspec.Struct, frozen=True):
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    estimated: bool


class Timing(msgspec.Struct, frozen=True):
    time_to_first_token_ms: int | None
    duration_ms: int


class Done(ServerFrame, frozen=True, tag="ai:done"):
    request_id: UUID
    after: int
    seq: int
    status: str
    finish_reason: str
    usage: Usage
    timing: Timing
    budget: Budget | None = None  # none for who reads what somebody else shares


class Error(ServerFrame, frozen=True, tag="ai:error"):
    code: ErrorCode
    message: str
    retryable: bool
    retry_after_s: float | None = None
    field: str | None = None
    request_id: UUID | None = None
    conversation_id: UUID | None = None  # with ``forbidden``: it is not shared any more
    after: int | None = None
    seq: int | None = None


class ConversationUpdated(ServerFrame, frozen=True, tag="conversation:updated"):
    conversation_id: UUID
    change: Literal["created", "renamed", "deleted", "archived", "message"]


class BudgetChanged(ServerFrame, frozen=True, tag="budget"):
    used: int
    reserved: int
    limit: int | None
    remaining: int | None
    resets_at: str


class SiteNews(ServerFrame, frozen=True, tag="site:news"):
    """There is another announcement or notice: ``/banners/`` has what there is."""


class Draining(ServerFrame, frozen=True, tag="server:draining"):
    reconnect_after_ms: int


class Pong(ServerFrame, frozen=True, tag="pong"):
    id: str | int | None = None
