"""What a cursor gives."""

import json

from chat.generating.cursor import Cursor, Frame
from tests.live.client import Reader
from tests.logs import REQUEST_ID, apply


def drained(cursor: Cursor) -> list[Frame]:
    """All frames that a cursor is given now; with a bound, so that a cursor that stands still is found out."""
    frames: list[Frame] = []
    while (frame := cursor.next_frame()) is not None:
        frames.append(frame)
        assert len(frames) <= len(cursor.log.events) + 1
    return frames


def types(frames: list[Frame]) -> list[str]:
    return [json.loads(frame.json)["type"] for frame in frames]


def read(cursor: Cursor, reader: Reader | None = None) -> Reader:
    """What a client holds that has applied all there is after the cursor."""
    reader = reader or Reader(str(REQUEST_ID))
    for frame in drained(cursor):
        apply(reader, frame)
    return reader
