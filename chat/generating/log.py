"""The append-only log of one generation."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec

from chat import protocol

from .cursor import Cursor, Frame
from .events import KINDS, MAX_FRAME_TEXT, EndEvent, Event, Kind, StartEvent, TextEvent, text_of

if TYPE_CHECKING:
    from .journal import Journal
    from .viewer import Viewer


MAX_SHARED_FRAMES = 16  # viewers are at few different cursors, unless somebody resumes at all of them


class Outlet(Protocol):
    """Takes a log's events to where other processes find them."""

    def want(self, log: "GenerationLog") -> None:
        """It has events that are held back; ``show`` is called when they are out."""
        ...


class GenerationLog:
    """The events of one generation in this process, numbered from 1, each in the journal before it is here.

    With an ``outlet`` the newest are held back from viewers until they are there, too.
    """

    outlet: Outlet | None = None
    fence = 0  # its runner's, for what is written to the outlet
    epoch = 0  # the numbering that is in force; 0 before the first event
    ended = False

    def __init__(
        self,
        generation_id: UUID,
        request_id: UUID,
        user_id: UUID,
        conversation_id: UUID,
        journal: "Journal | None" = None,
        events: Sequence[Event] = (),
    ) -> None:
        self.generation_id = generation_id
        self.request_id = request_id
        self.user_id = user_id
        self.conversation_id = conversation_id
        self.journal = journal
        self.events: list[Event] = []
        self.held_back = 0
        self.queued: protocol.Queued | None = None
        self.viewers: dict[Viewer, Cursor] = {}
        self.unwatched_since: float | None = time.monotonic()
        self._frames: dict[int, Frame] = {}
        self._joined: tuple[int, dict[Kind, str]] = (0, dict.fromkeys(KINDS, ""))  # so many events, and their texts
        self._extend(events)

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return len(self.events)

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._joined_texts()["token"]

    @property
    def thinking(self) -> str:
        """The reasoning so far."""
        return self._joined_texts()["thinking"]

    def hold(self, fence: int) -> None:
        """Its runner has this fence from now on."""
        self.fence = fence
        if self.events and self.outlet is not None:
            self.outlet.want(self)

    def start(self, frame: protocol.Start) -> None:
        """Begin, or begin anew with another epoch: what was there is forgotten. Raises JournalError."""
        self._write([event := StartEvent(frame)])
        self.queued = None
        self._replace([event])

    def rebuild(self, events: Sequence[Event]) -> None:
        """Begin anew, with a start and the text that is known. Raises JournalError."""
        self._write(events)
        self.queued = None
        self._replace(events)

    def append(self, events: Sequence[TextEvent]) -> None:
        """Add what one flush holds. Raises JournalError, and then nothing was added."""
        if self.journal is not None:
            self.journal.write(events)
        self.events += events
        self._announce(len(events))

    def end(self, start: protocol.Start, frame: protocol.Done | protocol.Error) -> None:
        """Add the last event, when the database has the end; ``start`` goes before it if nothing else does."""
        self.queued = None
        self._add([EndEvent(frame)] if self.events else [StartEvent(start), EndEvent(frame)])

    def show(self, count: int) -> None:
        """So many of the events may be seen now."""
        self.held_back = len(self.events) - count
        self._wake()

    def queue_at(self, queued: protocol.Queued) -> None:
        """Tell viewers where in the queue the generation stands; not an event of the log."""
        self.queued = queued
        self._wake()

    def leave_queue(self) -> None:
        """Its turn has come; nobody is told where it stood any more."""
        self.queued = None

    def tell(self, frame: protocol.ServerFrame) -> None:
        """Say something to all who watch that is not an event."""
        for viewer in self.viewers:
            viewer.tell(frame)

    def read(self, after: int, *, guest: bool = False) -> Frame | None:
        """The frame that follows a cursor, encoded once for all viewers that are there.

        A guest is not told the budget of whose answer it is.
        """
        visible = self.visible
        if after >= visible:
            return None
        if guest and self.ended and after == len(self.events) - 1:
            return self._end_for_guests(after)
        if len(self.viewers) == 1:  # nobody to share it with
            return self._encode(after, visible)
        frame = self._frames.get(after)
        if frame is None:
            if len(self._frames) >= MAX_SHARED_FRAMES:
                self._frames.clear()
            frame = self._frames[after] = self._encode(after, visible)
        return frame

    def watch(self, viewer: "Viewer", cursor: Cursor) -> None:
        """Wake the viewer, which is at the cursor, whenever there is something new."""
        self.viewers[viewer] = cursor
        self.unwatched_since = None

    def unwatch(self, viewer: "Viewer") -> None:
        self.viewers.pop(viewer, None)
        if not self.viewers:
            self.unwatched_since = time.monotonic()

    def _write(self, events: Sequence[Event]) -> None:
        if self.journal is not None:
            self.journal.write(events)

    def hand_over_to(self, log: "GenerationLog") -> None:
        """Whoever watches goes on there, from where they are."""
        for viewer, cursor in list(self.viewers.items()):
            viewer.attach(log, cursor.after, cursor.epoch)

    @property
    def visible(self) -> int:
        """The number of the newest event that may be seen."""
        return len(self.events) - self.held_back

    def _joined_texts(self) -> dict[Kind, str]:
        """Each checkpoint asks for them: only what came since the last one is joined.

        Database threads ask, too: what is known is replaced as a whole, so that nothing can be joined twice.
        """
        count, texts = self._joined
        if count < len(self.events):
            news = self.events[count:]
            texts = {kind: texts[kind] + text_of(news, kind) for kind in KINDS}
            self._joined = count + len(news), texts
        return texts

    def _replace(self, events: Sequence[Event]) -> None:
        self.events = []
        self._joined = 0, dict.fromkeys(KINDS, "")
        self.held_back = 0
        self._add(events)

    def _add(self, events: Sequence[Event]) -> None:
        self._extend(events)
        self._announce(len(events))

    def _extend(self, events: Sequence[Event]) -> None:
        self.events += events
        first, last = (self.events[0], self.events[-1]) if self.events else (None, None)
        self.epoch = first.frame.epoch if isinstance(first, StartEvent) else 0
        self.ended = isinstance(last, EndEvent)

    def _announce(self, count: int) -> None:
        """So many events are new."""
        if self.outlet is None:
            self._wake()
        else:
            self.held_back += count
            self.outlet.want(self)

    def _wake(self) -> None:
        if self._frames:
            self._frames.clear()
        for viewer, cursor in list(self.viewers.items()):  # one that has read the end leaves at once
            viewer.wake(cursor)

    def _encode(self, after: int, visible: int) -> Frame:
        event, seq = self.events[after], after + 1
        if not isinstance(event, TextEvent):
            return Frame(protocol.encode(event.frame), self.request_id, after, seq)
        chunk = event.text
        if seq < visible:
            chunk, seq = self._with_neighbours(event, seq, visible)
        kind = protocol.Token if event.kind == "token" else protocol.Thinking
        frame = kind(request_id=self.request_id, after=after, seq=seq, chunk=chunk)
        return Frame(protocol.encode(frame), self.request_id, after, seq, chunk)

    def _with_neighbours(self, event: TextEvent, seq: int, visible: int) -> tuple[str, int]:
        """Its text with what follows of the same kind, as far as one frame goes; the cursor behind that."""
        chunks, size = [event.text], event.size
        while seq < visible:
            more = self.events[seq]
            if not isinstance(more, TextEvent) or more.kind != event.kind or size + more.size > MAX_FRAME_TEXT:
                break
            chunks.append(more.text)
            size += more.size
            seq += 1
        return "".join(chunks), seq

    def _end_for_guests(self, after: int) -> Frame:
        end = self.events[after]
        assert isinstance(end, EndEvent)
        frame = end.frame
        if isinstance(frame, protocol.Done):
            frame = msgspec.structs.replace(frame, budget=None)
        return Frame(protocol.encode(frame), self.request_id, after, after + 1)
