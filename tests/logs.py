"""Logs without a server: made by hand, read as a client reads them."""

import json
import uuid
from pathlib import Path
from typing import Any, Literal

from chat import protocol
from chat.generating.cursor import Frame
from chat.generating.events import EndEvent, StartEvent, TextEvent
from chat.generating.journal import Journal
from chat.generating.log import GenerationLog
from tests.live.client import Reader

REQUEST_ID, CONVERSATION_ID = uuid.UUID(int=1), uuid.UUID(int=2)


def start(epoch: int = 1, model: str = "scripted") -> protocol.Start:
    """An ``ai:start``."""
    ids = {"conversation_id": CONVERSATION_ID, "message_id": uuid.UUID(int=3), "parent_id": uuid.UUID(int=4)}
    return protocol.Start(request_id=REQUEST_ID, after=0, seq=1, epoch=epoch, model=model, **ids)


def done(after: int) -> protocol.Done:
    """An ``ai:done`` that follows ``after`` events."""
    return protocol.Done(
        request_id=REQUEST_ID,
        after=after,
        seq=after + 1,
        status="completed",
        finish_reason="stop",
        usage=protocol.Usage(1, 2, 0, estimated=False),
        timing=protocol.Timing(time_to_first_token_ms=3, duration_ms=4),
        budget=protocol.Budget(used=3, reserved=0, limit=None, remaining=None, resets_at="2026-11-22T00:00:00+00:00"),
    )


def queued(position: int) -> protocol.Queued:
    ids = {"conversation_id": CONVERSATION_ID, "message_id": uuid.UUID(int=3), "parent_id": uuid.UUID(int=4)}
    return protocol.Queued(request_id=REQUEST_ID, position=position, **ids)


def text(words: str, kind: Literal["token", "thinking"] = "token") -> TextEvent:
    return TextEvent(kind, words)


def new_log(journal: Journal | None = None, conversation_id: uuid.UUID = CONVERSATION_ID) -> GenerationLog:
    """A log that has not begun."""
    return GenerationLog(uuid.uuid4(), REQUEST_ID, uuid.uuid4(), conversation_id, journal)


def written(*words: str) -> GenerationLog:
    """A log that has begun, with an event for each word."""
    log = new_log()
    log.start(start())
    for word in words:
        log.append([text(word)])
    return log


def ended(log: GenerationLog) -> GenerationLog:
    log.end(start(), done(max(log.seq, 1)))
    return log


def new_journal(folder: Path) -> Journal:
    return Journal(folder, uuid.UUID(int=9))


def apply(reader: Reader, frame: Frame) -> dict[str, Any]:
    """Hand a frame to a reader, which must find that it fits; the frame as JSON."""
    fields: dict[str, Any] = json.loads(frame.json)
    assert (fields["after"], fields["seq"]) == (frame.after, frame.seq)
    assert reader.apply(fields)
    return fields


def state(log: GenerationLog) -> Reader:
    """What somebody holds who reads all events one by one, each in a frame of its own."""
    reader = Reader(str(REQUEST_ID))
    for after, event in enumerate(log.events):
        if isinstance(event, StartEvent | EndEvent):
            reader.apply(json.loads(protocol.encode(event.frame)))
        else:
            chunk = {"after": after, "seq": after + 1, "chunk": event.text}
            reader.apply({"type": "ai:token" if event.kind == "token" else "ai:thinking", **chunk})
    assert (reader.gaps, reader.duplicates) == (0, 0)
    return reader


def same(one: Reader, other: Reader) -> bool:
    """Whether two viewers hold the same."""
    fields = ("cursor", "start", "end", "text", "thinking")
    return all(getattr(one, field) == getattr(other, field) for field in fields)
