"""The events of a generation's log."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from chat import protocol

Kind = Literal["token", "thinking"]
KINDS: tuple[Kind, Kind] = ("token", "thinking")
MAX_FRAME_TEXT = 64 * 1024  # bytes of text in one frame, and so at most in one event
PIECE = MAX_FRAME_TEXT // 4  # characters that are never more bytes


class StartEvent(msgspec.Struct, frozen=True, array_like=True, tag="start"):
    """The first event; a later one means that the answer began anew (another model, a rebuilt log)."""

    frame: protocol.Start


class TextEvent(msgspec.Struct, frozen=True, array_like=True, tag="text", gc=False):
    """A piece of the answer or of the reasoning before it."""

    kind: Literal["token", "thinking"]
    text: str

    @property
    def size(self) -> int:
        """At most how many bytes the text has as UTF-8."""
        return len(self.text) if self.text.isascii() else 4 * len(self.text)


class EndEvent(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    """The last event. It is never in a journal: the database had the end first."""

    frame: protocol.Done | protocol.Error


Event = StartEvent | TextEvent | EndEvent


def text_events(kind: Literal["token", "thinking"], text: str) -> list[TextEvent]:
    """The text as events, each small enough for a frame."""
    return [TextEvent(kind, text[start : start + PIECE]) for start in range(0, len(text), PIECE)]


def text_of(events: Iterable[Event], kind: Literal["token", "thinking"]) -> str:
    """All text of one kind, in order."""
    return "".join(event.text for event in events if isinstance(event, TextEvent) and event.kind == kind)
