"""Logs in Redis: what it holds may be anything."""

import uuid

import msgspec
import pytest

from chat.generating.events import EndEvent, Event, StartEvent, text_events
from chat.generating.redis_log import Entry, Foreign
from chat.generating.replica import Replica
from tests.live.redis import RedisServer
from tests.logs import REQUEST_ID, done, start, text
from tests.shared_log.sides import Side, say, until


def entry(events: list[Event], entry_id: bytes = b"1-2", epoch: bytes = b"1") -> list[object]:
    return [entry_id, [epoch, msgspec.json.encode(events)]]


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        [b"1-1", None],
        [b"1-1", [b"1", b"[]", b"more", b"[]"]],
        [b"1", [b"1", b"[]"]],
        [b"1-x", [b"1", b"[]"]],
        [b"1-1", [b"x", b"[]"]],
        [b"1-1", [b"-1", b"[]"]],
        [b"1-1", [b"1", b"\x80\x04\x95"]],
        [b"1-1", [b"1", b'[["text","shout","x"]]']],
        [b"1-1", [b"1", b'[["text","token",5]]']],
        entry([text("no start")], b"1-1"),
        entry([StartEvent(start()), text("x" * 70_000)]),
        entry([StartEvent(start()), StartEvent(start())]),
        entry([StartEvent(start(epoch=2)), text("x")]),
        entry([text("too many"), text("too many"), text("too many")]),
        entry([EndEvent(done(5))], b"1-3"),
        entry([EndEvent(done(2)), text("after the end")], b"1-4"),
    ],
)
def test_what_our_own_writer_would_not_write_is_refused(raw: object) -> None:
    with pytest.raises(Foreign):
        Entry.decode(raw, REQUEST_ID)


def test_a_frame_of_another_request_is_refused() -> None:
    raw = entry([StartEvent(start()), text("x")])
    assert Entry.decode(raw, REQUEST_ID).events
    with pytest.raises(Foreign):
        Entry.decode(raw, uuid.uuid4())


async def test_rubbish_in_a_stream_ends_no_reading(
    owner: Side, other: Side, generation_id: uuid.UUID, redis_server: RedisServer
) -> None:
    watcher, second = other.watches(generation_id), uuid.uuid4()
    redis_server.client.xadd(owner.redis_log.key(generation_id), {"x": "rubbish"}, id="0-1")
    await until(lambda: isinstance(watcher.log, Replica) and not watcher.log.live)
    log, another = owner.writes(generation_id), owner.writes(second)
    for each in (log, another):
        each.start(start())
        say(each, "one ")
    await watcher.reads("one ")
    await other.watches(second).reads("one ")


async def test_a_gap_is_not_guessed_over(other: Side, generation_id: uuid.UUID) -> None:
    replica = other.watches(generation_id).log
    assert isinstance(replica, Replica)
    replica.take([Entry(b"1-2", 1, [StartEvent(start()), text("one ")])])
    replica.take([Entry(b"1-5", 1, [text("four ")])])
    assert (replica.text, replica.live, replica.heard) == ("one ", False, b"0")
    replica.take(
        [Entry(b"1-2", 1, [StartEvent(start()), text("one ")]), Entry(b"1-5", 1, [*text_events("token", "x")] * 3)]
    )
    assert (replica.text, replica.live) == ("one xxx", True)
