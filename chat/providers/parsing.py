"""What the parsers of both wire formats share: events to deltas, in one pass over each network read."""

from abc import ABC, abstractmethod
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from . import Delta, Finish, ProviderError, Text, Thinking, Usage
from .refusals import scrubbed
from .seam import Seam
from .sse import EventSplitter, EventTooLongError

MAX_TOKENS = 2**31 - 1
NOTHING = msgspec.Raw()  # a field that is not there


class StreamParser(ABC):
    """Reads one stream. ``finish``: how the provider has said that the answer ended; ``ended``: nothing more will come.

    The Finish comes last, when the stream ends after the provider's own finish: at ``[DONE]``,
    ``message_stop`` or its clean end. A Usage comes whenever the counts change, the newest is right.
    """

    def __init__(self, seam: Seam) -> None:
        self._splitter, self._seam = EventSplitter(), seam
        self.finish: Finish | None = None
        self._usage = Usage()
        self.ended = False
        self.failure: ProviderError | None = None

    def feed(self, read: bytes) -> list[Delta]:
        """The deltas of one network read, up to the first event that is none: ``failure`` then says why."""
        deltas: list[Delta] = []
        try:
            for event in self._splitter.feed(read):
                if not self.ended:
                    self._read(event, deltas)
        except EventTooLongError:
            self.failure = nonsense("an event of more than 1 MiB")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.failure = nonsense(str(error))
        except ProviderError as error:
            self.failure = error
        return deltas

    def end(self) -> list[Delta]:
        """The deltas that only the stream's end brings: none when the provider had not finished."""
        deltas: list[Delta] = []
        if not self.ended:
            for event in self._splitter.end():
                try:
                    self._read(event, deltas)
                except (msgspec.DecodeError, UnicodeDecodeError, ProviderError):
                    break  # the connection was cut inside this event: that is the news, not its remains
            self._close(deltas)
        return deltas

    @abstractmethod
    def _read(self, event: bytes, deltas: list[Delta]) -> None:
        """Add what one event means."""

    def _say(self, text: str, deltas: list[Delta]) -> None:
        if self._seam.left:
            text = self._seam.join(text)
        if "\0" in text:
            text = _without_nul(text)
        if text:
            deltas.append(Text(text))

    def _think(self, text: str, deltas: list[Delta]) -> None:
        if text := _without_nul(text):
            deltas.append(Thinking(text))

    def _count(self, usage: Usage, deltas: list[Delta]) -> None:
        if usage != self._usage:
            self._usage = usage
            deltas.append(usage)

    def _close(self, deltas: list[Delta]) -> None:
        """The end of the stream: it is the end of the answer when the provider had finished."""
        self.ended = True
        if self.finish is not None:
            deltas.append(self.finish)


def _without_nul(text: str) -> str:
    """PostgreSQL stores none, browsers show none."""
    return text.replace("\0", "")


def tokens(value: Any) -> int | None:
    """A count the provider gave; None when it is not a whole number that a count can be."""
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else None


def counts(raw: msgspec.Raw) -> dict[str, Any]:
    """The fields of a usage object; none when it is not one. Decoded apart: absurd numbers must not end a stream."""
    try:
        fields = msgspec.json.decode(raw) if raw else None
    except msgspec.DecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def nonsense(detail: str) -> ProviderError:
    """The provider sent what cannot be understood."""
    sentence = _("The provider sent something that is not an answer.")
    return ProviderError("upstream_failed", sentence, retryable=True, detail=scrubbed(detail))
