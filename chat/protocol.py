"""Every frame of the wire protocol, version 1, as a typed struct: decoded strictly, encoded fast."""

import re
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

VERSION = 1
HEARTBEAT_S = 30
MAX_FRAME_BYTES = 1024 * 1024
MAX_PROMPT_CHARS = 256 * 1024
MAX_BAD_FRAMES = 20

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


# ── client to server ──────────────────────────────────────────────────────────


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


# ── server to client ──────────────────────────────────────────────────────────


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


class Draining(ServerFrame, frozen=True, tag="server:draining"):
    reconnect_after_ms: int


class Pong(ServerFrame, frozen=True, tag="pong"):
    id: str | int | None = None


class CloseCode:
    """WebSocket close codes of our own."""

    BAD_FRAMES = 4400
    SIGNED_OUT = 4401
    ACCESS_ENDED = 4403
    TOO_SLOW = 4408
    FLOODING = 4429


# ── decoding ──────────────────────────────────────────────────────────────────


class Refused(Exception):
    """A request that cannot be carried out; what the client is told, as it travels up to its connection."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
        field: str | None = None,
        request_id: UUID | None = None,
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.field = field
        self.request_id = request_id

    def frame(self, request_id: UUID | None = None) -> Error:
        """The frame that says it."""
        return Error(
            code=self.code,
            message=self.message,
            retryable=self.retryable,
            retry_after_s=self.retry_after_s,
            field=self.field,
            request_id=request_id or self.request_id,
        )


Body = TypeVar("Body")
_decoder: "msgspec.json.Decoder[AnyClientFrame]" = msgspec.json.Decoder(AnyClientFrame)
_encoder = msgspec.json.Encoder()


def decode(text: str | bytes) -> AnyClientFrame:
    """One client frame, or Refused with ``bad_request`` naming the field at fault."""
    frame: AnyClientFrame = _strictly(_decoder, text)
    check(frame)
    return frame


def decode_body(body: bytes, kind: type[Body]) -> Body:
    """The JSON body of a request, refused like a frame."""
    return _strictly(msgspec.json.Decoder(kind), body)


def _strictly(decoder: msgspec.json.Decoder[Body], text: str | bytes) -> Body:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise Refused(
            "bad_request", _sentence(error), field=_field(str(error)), request_id=request_id_of(text)
        ) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused("bad_request", "This is not one valid JSON object.") from None


def check(frame: AnyClientFrame) -> None:
    """What types alone cannot say about a frame; raises Refused."""
    if isinstance(frame, Resume):
        for field, number in (("after", frame.after), ("epoch", frame.epoch)):
            if number is not None and number < 0:
                raise Refused("bad_request", f"{field} must not be negative.", field=field, request_id=frame.request_id)
    if not isinstance(frame, Generate):
        return
    if not frame.prompt.strip():
        raise Refused("bad_request", "The prompt is empty.", field="prompt", request_id=frame.request_id)
    if "\0" in frame.prompt:
        raise Refused("bad_request", "The prompt holds a NUL character.", field="prompt", request_id=frame.request_id)
    if len(frame.prompt) > MAX_PROMPT_CHARS:
        sentence = f"The message is longer than {MAX_PROMPT_CHARS:,} characters."
        raise Refused("too_large", sentence, field="prompt", request_id=frame.request_id)
    if frame.attachments:
        sentence = "Attachments are not supported yet."
        raise Refused("bad_request", sentence, field="attachments", request_id=frame.request_id)


def encode(frame: ServerFrame) -> str:
    """The frame as the text that goes over the wire."""
    return _encoder.encode(frame).decode()


class _Named(msgspec.Struct):
    request_id: Any = None


def _field(error: str) -> str:
    """The field that msgspec's message is about: at the end of its path, or quoted by it."""
    path = re.search(r"at `(?:key in )?\$\.?([\w.]*)", error)
    quoted = re.search(r"field `([^`]*)`", error)
    if quoted:
        return quoted[1]
    return (path[1].split(".")[0] if path else "") or "type"


def _sentence(error: msgspec.ValidationError) -> str:
    """msgspec's reason, without Python's words for it."""
    reason = str(error).split(" - at ")[0].rstrip(".")
    return f"{_field(str(error))}: {reason[0].lower()}{reason[1:]}.".replace("`", "")


def request_id_of(text: str | bytes) -> UUID | None:
    """The request that a frame or body is about, when that much of it is sound."""
    try:
        return UUID(msgspec.json.decode(text, type=_Named).request_id)
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError, RecursionError):
        return None
