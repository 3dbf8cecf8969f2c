"""How far somebody has read a log, and what they are given next."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from chat import protocol

if TYPE_CHECKING:
    from .log import GenerationLog

FIRST_EPOCH = 1


class Frame(msgspec.Struct, frozen=True, gc=False):
    """Events as they go over the wire: applied to cursor ``after`` they lead to cursor ``seq``.

    ``request_id`` is None when it holds no events, ``chunk`` when it holds no text.
    """

    json: bytes
    request_id: UUID | None = None
    after: int = 0
    seq: int = 0
    chunk: str | None = None


class Cursor:
    """How far one viewer has read one log; a log with a new epoch is read from its beginning."""

    __slots__ = ("after", "epoch", "guest", "log", "position")

    def __init__(self, log: "GenerationLog", after: int = 0, epoch: int | None = None, *, guest: bool = False) -> None:
        """``epoch`` None: the reader knows of no other numbering than the first one. ``guest``: not its user."""
        self.guest = guest
        self.log = log
        known = (FIRST_EPOCH if epoch is None else epoch) == log.epoch and after <= log.seq
        self.after = after if known else 0
        self.epoch = log.epoch
        self.position: int | None = None

    def next_frame(self) -> Frame | None:
        """All that follows the cursor, or as much of it as one frame holds; None when there is nothing new."""
        log = self.log
        if self.epoch != log.epoch:
            self.epoch = log.epoch
            self.after = 0
        if log.queued is None:
            self.position = None
        elif self.position != log.queued.position:
            self.position = log.queued.position
            return Frame(protocol.encode(log.queued))
        frame = log.read(self.after, guest=self.guest)
        if frame is not None:
            self.after = frame.seq
        return frame

    @property
    def exhausted(self) -> bool:
        """Whether there is and will be nothing more to read."""
        return self.log.ended and self.after >= self.log.seq and self.epoch == self.log.epoch
