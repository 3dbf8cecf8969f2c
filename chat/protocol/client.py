"""What a client may send, as typed structs."""

from uuid import UUID

import msgspec


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """What a client may send."""


class Generate(ClientFrame, frozen=True, tag="ai:generate"):
    """``edits`` names the prompt that this one replaces, as a sibling: the way to edit even the first one.

    ``allow_fallback``: another model may answer when the chosen one has no room or fails; the answer says which.
    """

    request_id: UUID
    prompt: str
    conversation_id: UUID | None = None
    parent_id: UUID | None = None
    edits: UUID | None = None
    model: str | None = None
    attachments: tuple[UUID, ...] = ()
    allow_fallback: bool = True


class Regenerate(ClientFrame, frozen=True, tag="ai:regenerate"):
    request_id: UUID
    message_id: UUID
    model: str | None = None
    allow_fallback: bool = True


class Continue(ClientFrame, frozen=True, tag="ai:continue"):
    request_id: UUID
    message_id: UUID
    model: str | None = None


class Cancel(ClientFrame, frozen=True, tag="ai:cancel"):
    request_id: UUID


class Resume(ClientFrame, frozen=True, tag="ai:resume"):
    request_id: UUID
    after: int
    epoch: int | None = None


class OpenConversation(ClientFrame, frozen=True, tag="conversation:open"):
    conversation_id: UUID


class CloseConversation(ClientFrame, frozen=True, tag="conversation:close"):
    conversation_id: UUID


class Ping(ClientFrame, frozen=True, tag="ping"):
    id: str | int | None = None


Ask = Generate | Regenerate | Continue
AnyClientFrame = Generate | Regenerate | Continue | Cancel | Resume | OpenConversation | CloseConversation | Ping
