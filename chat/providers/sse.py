"""Splits a stream of server-sent events into the data of each event."""

MAX_EVENT_BYTES = 1 << 20


class EventTooLongError(Exception):
    """The stream holds an event of more than ``MAX_EVENT_BYTES``."""


class EventSplitter:
    """Takes network reads as they come, whatever they cut through: lines, characters, line ends.

    The format: https://html.spec.whatwg.org/multipage/server-sent-events.html. Lines end in LF or CRLF; a
    lone CR, which no provider sends, is not a line end here. Names, ids and comments are dropped:
    both wire formats repeat the name inside the data. Work is linear in the bytes, however they are cut.
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []  # of the line that has not ended yet
        self._line_size = 0
        self._data: list[bytes] = []  # of the event that has not ended yet
        self._data_size = 0

    def feed(self, read: bytes) -> list[bytes]:
        """The data of all events that end in this read. Raises EventTooLongError."""
        if not (self._line or self._data) and _is_one_event(read):
            return [read[6:-2]]
        if b"\n" not in read:
            self._hold(read)
            return []
        if self._line:
            read = b"".join(self._line) + read
            self._line, self._line_size = [], 0
        if b"\r" in read:
            read = read.replace(b"\r\n", b"\n")
        lines = read.split(b"\n")
        unfinished = lines.pop()
        events: list[bytes] = []
        for line in lines:
            if not line:
                self._dispatch(events)
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
                self._data_size += len(line)
        self._hold(unfinished)
        return events

    def end(self) -> list[bytes]:
        """The data of an event that the stream's end cut short of its blank line, when its lines are whole."""
        events: list[bytes] = []
        self._dispatch(events)
        return events

    def _dispatch(self, events: list[bytes]) -> None:
        if self._data:
            events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
            self._data, self._data_size = [], 0

    def _hold(self, part: bytes) -> None:
        if part:
            self._line.append(part)
            self._line_size += len(part)
        if self._line_size + self._data_size > MAX_EVENT_BYTES:
            raise EventTooLongError


def _is_one_event(read: bytes) -> bool:
    """Whether it is one line of data and the blank line behind it, as nearly always while tokens come."""
    return read.startswith(b"data: ") and read.find(b"\n") == len(read) - 2 and read[-1] == 10 and b"\r" not in read
