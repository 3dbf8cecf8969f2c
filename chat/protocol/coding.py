"""Frames and bodies to and from JSON: decoded strictly, encoded fast."""

import re
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from .client import AnyClientFrame, Generate, Resume
from .limits import MAX_PROMPT_CHARS
from .refused import Refused
from .server import ServerFrame

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
        raise Refused("bad_request", _("This is not one valid JSON object.")) from None


def check(frame: AnyClientFrame) -> None:
    """What types alone cannot say about a frame; raises Refused."""
    if isinstance(frame, Resume):
        for field, number in (("after", frame.after), ("epoch", frame.epoch)):
            if number is not None and number < 0:
                raise Refused(
                    "bad_request", _("%s must not be negative.") % field, field=field, request_id=frame.request_id
                )
    if not isinstance(frame, Generate):
        return
    if not frame.prompt.strip():
        raise Refused("bad_request", _("The prompt is empty."), field="prompt", request_id=frame.request_id)
    if "\0" in frame.prompt:
        raise Refused(
            "bad_request", _("The prompt holds a NUL character."), field="prompt", request_id=frame.request_id
        )
    if len(frame.prompt) > MAX_PROMPT_CHARS:
        sentence = _("The message is longer than %s characters.") % f"{MAX_PROMPT_CHARS:,}"
        raise Refused("too_large", sentence, field="prompt", request_id=frame.request_id)
    if frame.attachments:
        sentence = _("Attachments are not supported yet.")
        raise Refused("bad_request", sentence, field="attachments", request_id=frame.request_id)


def encode(frame: ServerFrame) -> bytes:
    """The frame as the text that goes over the wire, in UTF-8."""
    return _encoder.encode(frame)


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
