"""The journal: a generation's log on disk, so that what people saw outlives the process.

One file for each running generation, one line of JSON for each event, one ``write`` for each flush. The
page cache keeps what was written when the process is killed; only a crash of the machine can tear the end.
"""

import contextlib
import errno
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from .events import Event, StartEvent, TextEvent

_encoder = msgspec.json.Encoder()
_lines = msgspec.json.Decoder(StartEvent | TextEvent)


class JournalError(Exception):
    """The journal could not be written, with the reason as a sentence for a person."""


class Journal:
    """The append-only file of one generation."""

    def __init__(self, folder: Path, generation_id: UUID) -> None:
        self.path = folder / f"{generation_id}.jsonl"
        self._fd: int | None = None
        self._size = 0

    def write(self, events: Sequence[Event]) -> None:
        """Append the events with one system call; either all of them are there afterwards or none.

        Raises JournalError, for instance when the disk is full.
        """
        lines = _encoder.encode_lines(events)
        try:
            if self._fd is None:
                self._open()
            written = os.write(self._fd, lines)  # type: ignore[arg-type]
        except OSError as error:
            raise JournalError(_sentence(error)) from error
        if written < len(lines):
            os.ftruncate(self._fd, self._size)  # type: ignore[arg-type]
            raise JournalError("The server's disk is full.")
        self._size += written

    def read(self) -> list[Event]:
        """The events since the last start, as far as the file is whole; empty when there is no file.

        What follows the last whole event is cut off, so that writing can go on behind it. The file is a new one
        afterwards: a process that hung and goes on writes to one that is gone.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        events: list[Event] = []
        self._size = 0
        for line in content.splitlines(keepends=True):
            try:
                if not line.endswith(b"\n"):
                    break
                event = _lines.decode(line)
            except msgspec.MsgspecError:
                break
            if isinstance(event, StartEvent):
                events = []
            events.append(event)
            self._size += len(line)
        self._replace(content[: self._size])
        return events if events and isinstance(events[0], StartEvent) else []

    def _replace(self, content: bytes) -> None:
        part = self.path.with_suffix(".part")
        try:
            part.write_bytes(content)
            part.chmod(0o600)
            part.replace(self.path)
        except OSError:  # there is no room for a copy
            part.unlink(missing_ok=True)
            os.truncate(self.path, self._size)

    def remove(self) -> None:
        """Forget it: the database has the answer."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def close(self) -> None:
        """Let go of the file and leave it where it is."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _sentence(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "The server's disk is full."
    return f"The server cannot write to its data folder ({os.strerror(error.errno or 0)})."
