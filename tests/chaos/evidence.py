"""What a run leaves behind: what clients said and saw, what was polled, what providers sent, what was stored."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Frame = dict[str, Any]


class Note(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """``at``: seconds of ``time.time``, the clock of all processes and of the database."""

    at: float


class Linked(Note, frozen=True):
    """A viewer got a connection to a process, or lost it."""

    viewer: str
    process: int
    up: bool


class Said(Note, frozen=True):
    """A frame that a viewer sent."""

    viewer: str
    frame: Frame


class Saw(Note, frozen=True):
    """A frame that a viewer was sent."""

    viewer: str
    frame: Frame


class Struck(Note, frozen=True):
    """A fault, from ``at`` until it was over; ``process`` None: it hit none of them in particular."""

    kind: str
    process: int | None
    until: float


class Polled(Note, frozen=True):
    """What the ledger said at a moment in the middle of it all."""

    user: str
    used: int
    reserved: int
    limit: int | None


class Called(Note, frozen=True):
    """A call that a process made, as the provider saw it. ``closed_at`` None: it is still open.

    ``request_id``: the request of the newest question in it; ``read``: the answers it was given to read.
    """

    process: int
    request_id: str
    text: str
    complete: bool
    closed_at: float | None
    read: tuple[str, ...] = ()


class Stored(Note, frozen=True):
    """What the database holds of a request in the end; ``reservations``: the state of each.

    ``question``: whose question it answers, itself unless it continues another one's answer; ``follows``: whose
    question is the one before that. ``text`` is in ``message`` from ``begin`` on, which is ``message_length`` long.
    """

    request_id: str
    generations: int
    prompts: int
    status: str
    finished_at: float | None
    text: str
    reservations: tuple[str, ...]
    takeovers: int = 0
    asked_at: float = 0.0
    finish_reason: str = ""
    question: str = ""
    follows: str = ""
    conversation: str = ""
    message: str = ""
    begin: int = 0
    message_length: int = 0


class Ledger(Note, frozen=True):
    """A person's account in the end; ``settled``: the sum of the single settlements."""

    user: str
    used: int
    reserved: int
    settled: int


class Reloaded(Note, frozen=True):
    """What somebody sees who comes in the end and reads from the beginning."""

    request_id: str
    status: str
    text: str


AnyNote = Linked | Said | Saw | Struck | Polled | Called | Stored | Ledger | Reloaded
Kind = TypeVar("Kind", bound=Note)


class Evidence:
    """All notes of a run, in the order in which they were made."""

    def __init__(self, notes: Iterable[AnyNote] = ()) -> None:
        self.notes: list[AnyNote] = list(notes)

    def add(self, note: AnyNote) -> None:
        self.notes.append(note)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [note for note in self.notes if isinstance(note, kind)]

    def save(self, path: Path) -> None:
        """One line of JSON for each note."""
        path.write_bytes(b"".join(msgspec.json.encode(note) + b"\n" for note in self.notes))

    @classmethod
    def load(cls, path: Path) -> "Evidence":
        return cls(msgspec.json.decode(line, type=AnyNote) for line in path.read_bytes().splitlines())
