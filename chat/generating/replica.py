"""A log that another process writes, as far as this one has heard of it."""

import time
from collections.abc import Sequence

from chat.models import Generation

from .events import Event, StartEvent, TextEvent, text_events
from .frames import start_frame
from .log import GenerationLog
from .redis_log import Entry

BEGINNING = b"0"
FIRST_OF_OURS = 10**12  # epochs from here on are of a replica alone: those of logs count up from 1


class Replica(GenerationLog):
    """Fed from Redis, with the numbering of the log itself; or from the database, with a numbering of its own."""

    def __init__(self, generation: Generation) -> None:
        super().__init__(generation.pk, generation.request_id, generation.user_id, generation.message.conversation_id)
        self.heard = BEGINNING  # the id of the last entry that was read
        self.live = False  # it has been read from Redis, and Redis is there

    # ── from Redis ──

    def take(self, entries: Sequence[Entry]) -> None:
        """Apply what was read, without what is known already. After a gap all is read again, once."""
        from_beginning = self.heard == BEGINNING
        epoch, known, news = self.epoch, self.seq, list[Event]()
        for entry in entries:
            self.heard = entry.id
            if entry.begins and entry.epoch != epoch:
                self._replace([])
                epoch, known, news = entry.epoch, entry.seq, [*entry.events]
            elif entry.epoch == epoch and entry.first <= known + 1:
                news += entry.events[known + 1 - entry.first :]
                known = max(known, entry.seq)
            elif entry.events:
                self.live = False
                if not from_beginning:
                    self.heard = BEGINNING
                break
            self.live = True
        if news:
            self.queued = None
            self._add(news)

    # ── from the database ──

    def look_at(self, generation: Generation) -> None:
        """Show the checkpoint of a running generation, if it is more than is known."""
        message = generation.message
        thinking = message.thinking[generation.thinking_start :]
        text = message.text[generation.text_start :]
        known = self.text, self.thinking
        if self.events and len(text) + len(thinking) <= sum(map(len, known)):
            return
        self.queued = None
        self.live = False
        if self.events and self.epoch >= FIRST_OF_OURS and text.startswith(known[0]) and thinking.startswith(known[1]):
            self._add(_text(thinking[len(known[1]) :], text[len(known[0]) :]))
        else:
            epoch = max(time.time_ns() // 1000, self.epoch + 1)
            self._replace([StartEvent(start_frame(generation, epoch)), *_text(thinking, text)])

    def finish(self, events: list[Event]) -> None:
        """It has ended, as the replay says that the database made."""
        self.queued = None
        self._replace(events)


def _text(thinking: str, text: str) -> list[TextEvent]:
    return [*text_events("thinking", thinking), *text_events("token", text)]
