"""The log and its cursors: every viewer reads the same events, in frames of whatever size suits it."""

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chat import protocol
from chat.generating.events import MAX_FRAME_TEXT, StartEvent, text_events
from chat.generating.log import Cursor, Frame, GenerationLog
from chat.generating.viewer import MAX_NOTICES, Viewer
from tests.live.client import Reader

from .logs import REQUEST_ID, apply, done, ended, new_log, queued, same, start, state, text, written


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


# ── frames ──


def test_a_viewer_that_keeps_up_gets_each_event_alone() -> None:
    log = written()
    cursor = Cursor(log)
    assert types(drained(cursor)) == ["ai:start"]
    for word in ("one ", "two "):
        log.append([text(word)])
        assert [frame.chunk for frame in drained(cursor)] == [word]


def test_what_piled_up_is_one_frame() -> None:
    log = written("one ", "two ", "three")
    first, rest = drained(Cursor(log))
    assert (first.after, first.seq) == (0, 1)
    assert (rest.after, rest.seq, rest.chunk) == (1, 4, "one two three")


def test_reasoning_and_answer_never_share_a_frame() -> None:
    log = written()
    log.append([text("hm", "thinking"), text(" so", "thinking"), text("Yes"), text("."), text("wait", "thinking")])
    frames = drained(Cursor(log))
    assert types(frames) == ["ai:start", "ai:thinking", "ai:token", "ai:thinking"]
    assert [frame.chunk for frame in frames[1:]] == ["hm so", "Yes.", "wait"]


@pytest.mark.parametrize("character", ["x", "ü", "東", "😀", "\n"])
def test_a_frame_holds_at_most_64_kib_of_text(character: str) -> None:
    log = written()
    log.append(list(text_events("token", character * 100_000)))
    log.append([text(character)] * 1000)
    frames = drained(Cursor(log))
    chunks = [frame.chunk or "" for frame in frames]
    assert max(len(chunk.encode()) for chunk in chunks) <= MAX_FRAME_TEXT
    assert "".join(chunks) == character * 101_000
    assert len(frames) <= 2 + len((character * 101_000).encode()) // (MAX_FRAME_TEXT // 4)


def test_a_full_frame_is_followed_by_the_next() -> None:
    half = "x" * (MAX_FRAME_TEXT // 2)
    log = written(half, half, "more")
    assert [frame.seq for frame in drained(Cursor(log))] == [1, 3, 4]


def test_viewers_at_the_same_cursor_share_the_bytes() -> None:
    log = written("one ", "two")
    one, two = drained(Cursor(log)), drained(Cursor(log))
    assert all(mine is theirs for mine, theirs in zip(one, two, strict=True))
    late = Cursor(log, 1)
    assert late.next_frame() is one[1]


def test_new_events_make_new_frames() -> None:
    log = written("one ")
    before = log.read(1)
    log.append([text("two")])
    after = log.read(1)
    assert before
    assert after
    assert (before.chunk, after.chunk) == ("one ", "one two")


# ── cursors ──


def test_someone_who_comes_late_gets_the_start_and_all_the_text_in_one_frame() -> None:
    log = written(*["word "] * 500)
    reader = Reader(str(REQUEST_ID))
    frames = drained(Cursor(log))
    for frame in frames:
        apply(reader, frame)
    assert len(frames) == 2
    assert same(reader, state(log))


@pytest.mark.parametrize("is_ended", [False, True])
def test_from_every_cursor_state_and_events_make_fresh_state(is_ended: bool) -> None:
    log = written()
    log.append([text("Let me", "thinking"), text(" see", "thinking"), *(text(f"{n} ") for n in range(20))])
    if is_ended:
        ended(log)
    for after in range(log.seq + 1):
        earlier = GenerationLog(
            log.generation_id, log.request_id, log.user_id, log.conversation_id, None, log.events[:after]
        )
        held = state(earlier)
        frames = drained(Cursor(log, after, 1))
        assert not after or "ai:start" not in types(frames)
        for frame in frames:
            apply(held, frame)
        assert same(held, state(log))
        assert (held.gaps, held.duplicates) == (0, 0)


@pytest.mark.parametrize(("after", "epoch"), [(2, 7), (2, 0), (99, 1), (4, 1), (99, 7)])
def test_a_cursor_that_cannot_be_continued_begins_anew(after: int, epoch: int) -> None:
    log = written("one ", "two")
    frames = drained(Cursor(log, after, epoch))
    assert [(frame.after, frame.seq) for frame in frames] == [(0, 1), (1, 3)]


def test_without_an_epoch_a_cursor_means_the_first_numbering() -> None:
    log = written("one ", "two")
    assert [frame.chunk for frame in drained(Cursor(log, 2))] == ["two"]
    log.start(start(epoch=2))
    log.append([text("other "), text("words")])
    assert types(drained(Cursor(log, 2))) == ["ai:start", "ai:token"]


def test_a_log_that_begins_anew_is_read_from_its_start() -> None:
    log = written("wrong ", "words")
    cursor = Cursor(log)
    reader = read(cursor)
    log.start(start(epoch=2, model="other"))
    log.append([text("right")])
    read(cursor, reader)
    assert (reader.text, reader.epoch, reader.starts) == ("right", 2, 2)
    assert reader.start
    assert reader.start["model"] == "other"
    assert same(reader, state(log))


def test_a_log_begun_anew_between_two_reads_leaves_no_trace_of_the_old_one() -> None:
    """Also when the new numbering is as long as the old one was."""
    log = written("wrong ", "words")
    cursor = Cursor(log)
    first = cursor.next_frame()
    assert first
    log.rebuild([StartEvent(start(epoch=2)), text("right "), text("words")])
    reader = Reader(str(REQUEST_ID))
    apply(reader, first)
    read(cursor, reader)
    assert (reader.text, reader.epoch) == ("right words", 2)


def test_a_cursor_is_exhausted_at_the_end_and_not_before() -> None:
    log = written("one")
    cursor = Cursor(log)
    drained(cursor)
    assert not cursor.exhausted
    ended(log)
    assert not cursor.exhausted
    assert types(drained(cursor)) == ["ai:done"]
    assert cursor.exhausted
    assert cursor.next_frame() is None


def test_an_end_before_the_beginning_comes_after_a_start() -> None:
    log = ended(new_log())
    assert types(drained(Cursor(log))) == ["ai:start", "ai:done"]


def test_who_waits_is_told_each_position_once_and_nothing_of_it_once_it_began() -> None:
    log = new_log()
    cursor = Cursor(log)
    for position in (2, 2, 1):
        log.queue_at(queued(position))
        drained(cursor)
    assert cursor.position == 1
    assert drained(cursor) == []
    assert types(drained(Cursor(log))) == ["ai:queued"]
    log.start(start())
    assert types(drained(cursor)) == types(drained(Cursor(log))) == ["ai:start"]


def test_the_log_knows_its_text() -> None:
    log = written("one ", "two")
    log.append([text("hm", "thinking")])
    assert (log.text, log.thinking, log.epoch, log.seq, log.ended) == ("one two", "hm", 1, 4, False)


# ── viewers ──


async def frames_of(viewer: Viewer) -> list[Frame]:
    """All that a viewer is given until its iteration ends."""
    return [frame async for frame in viewer]


async def test_a_viewer_reads_to_the_end_and_stops() -> None:
    log = ended(written("one ", "two"))
    viewer = Viewer(until_read=True)
    viewer.attach(log)
    assert types(await frames_of(viewer)) == ["ai:start", "ai:token", "ai:done"]
    assert not log.viewers
    assert not viewer.cursors


async def test_a_viewer_of_several_logs_stops_after_the_last() -> None:
    viewer = Viewer(until_read=True)
    for words in ("one", "two", "three"):
        viewer.attach(ended(written(words)))
    assert types(await frames_of(viewer)).count("ai:done") == 3


async def test_a_viewer_that_has_read_all_before_it_attaches_stops_at_once() -> None:
    log = ended(written("one"))
    viewer = Viewer(until_read=True)
    viewer.attach(log, log.seq, log.epoch)
    assert await frames_of(viewer) == []
    assert not log.viewers


async def test_a_viewer_waits_for_what_comes() -> None:
    log = written()
    viewer = Viewer()
    viewer.attach(log)
    assert types([await anext(viewer)]) == ["ai:start"]
    log.append([text("one")])
    assert (await anext(viewer)).chunk == "one"
    viewer.close()
    assert await frames_of(viewer) == []


async def test_two_logs_take_turns() -> None:
    """Each has many full frames ready: neither waits for the other to be read through."""
    viewer = Viewer()
    for letter in "ab":
        viewer.attach(written(*[letter * MAX_FRAME_TEXT] * 5))
    letters = [((await anext(viewer)).chunk or "-")[0] for _ in range(12)]
    assert letters == ["-", "-", *"ab" * 5]


async def test_a_viewer_that_never_reads_holds_nothing() -> None:
    log = written()
    viewers = [Viewer() for _ in range(50)]
    for viewer in viewers:
        viewer.attach(log)
    log.append([text("warm")])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        shared = text("x" * 1000)
        for _ in range(2000):
            log.append([shared])
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # The log's own list of events; 50 viewers with 2 MB of text each to come.
    assert grown < 100_000
    assert (await anext(viewers[0])).seq == 1
    assert len((await anext(viewers[0])).chunk or "") > 60_000


async def test_frames_kept_for_sharing_are_bounded() -> None:
    """Somebody who resumes an ended answer at each of its cursors does not fill the memory."""
    log = ended(written(*["x" * 100] * 800))
    for after in range(log.seq):
        assert Cursor(log, after, 1).next_frame()
    assert sum(len(frame.json) for frame in log._frames.values()) < 20 * MAX_FRAME_TEXT


async def test_too_many_notices_end_the_viewer() -> None:
    viewer = Viewer()
    log = written()
    viewer.attach(log)
    for number in range(MAX_NOTICES):
        viewer.tell(protocol.Pong(id=number))
    assert viewer.close_code is None
    viewer.tell(protocol.Pong(id="one too many"))
    assert viewer.close_code == protocol.CloseCode.TOO_SLOW
    assert await frames_of(viewer) == []
    assert not log.viewers


async def test_notices_go_before_events_and_in_order() -> None:
    viewer = Viewer()
    viewer.attach(ended(written("one")))
    viewer.tell(protocol.Pong(id=1))
    viewer.tell(protocol.Pong(id=2))
    frames = [json.loads((await anext(viewer)).json) for _ in range(3)]
    assert [frame.get("id") for frame in frames] == [1, 2, None]


async def test_what_was_told_before_the_end_is_still_sent() -> None:
    viewer = Viewer()
    viewer.tell(protocol.Pong(id=1))
    viewer.finish(4401)
    viewer.finish(4403)
    assert types(await frames_of(viewer)) == ["pong"]
    assert viewer.close_code == 4401


async def test_leaving_a_conversation_detaches_from_all_of_it() -> None:
    log = written("one")
    viewer = Viewer()
    viewer.attach(log)
    assert viewer.watches(log.generation_id)
    assert log.unwatched_since is None
    viewer.leave(log.conversation_id)
    assert not viewer.watches(log.generation_id)
    assert log.unwatched_since is not None
    log.append([text("two")])
    viewer.close()
    assert await frames_of(viewer) == []


async def test_attaching_again_moves_the_cursor() -> None:
    log = written("one ", "two")
    viewer = Viewer()
    viewer.attach(log)
    await anext(viewer)
    viewer.attach(log, 2, 1)
    assert (await anext(viewer)).chunk == "two"
    viewer.attach(log)
    assert types([await anext(viewer)]) == ["ai:start"]


# ── any log, any readers ──

pieces = some.tuples(some.sampled_from(["token", "thinking"]), some.text(max_size=5), some.sampled_from([1, 3, 20_000]))
steps = some.lists(
    some.one_of(
        some.tuples(some.just("append"), some.lists(pieces, min_size=1, max_size=4)),
        some.tuples(some.just("read"), some.integers(0, 3)),
        some.tuples(some.just("drop"), some.integers(0, 3)),
        some.tuples(some.just("anew"), some.just(0)),
    ),
    max_size=30,
)


class Client:
    """A reader with a connection that may be lost: it resumes as the protocol says."""

    def __init__(self, log: GenerationLog) -> None:
        self.log, self.reader, self.cursor = log, Reader(str(REQUEST_ID)), Cursor(log)

    def read_one(self) -> None:
        frame = self.cursor.next_frame()
        if frame is None:
            return
        apply(self.reader, frame)
        assert len((frame.chunk or "").encode("utf-8")) <= MAX_FRAME_TEXT
        assert self.reader.epoch != self.log.epoch or self.log.text.startswith(self.reader.text)
        assert self.reader.epoch != self.log.epoch or self.log.thinking.startswith(self.reader.thinking)

    def drop(self) -> None:
        self.cursor = Cursor(self.log, self.reader.cursor, self.reader.epoch)


@settings(deadline=None, max_examples=50)
@given(steps)
def test_every_viewer_holds_a_prefix_and_in_the_end_the_same(
    steps: list[tuple[str, int | list[tuple[str, str, int]]]],
) -> None:
    log = new_log()
    clients = [Client(log) for _ in range(4)]
    log.start(start())
    for step, argument in steps:
        if isinstance(argument, list):
            events = [event for kind, words, times in argument for event in text_events(kind, words * times)]  # type: ignore[arg-type]
            if events:
                log.append(events)
        elif step == "anew":
            log.start(start(epoch=log.epoch + 1))
        elif step == "read":
            clients[argument].read_one()
        else:
            clients[argument].drop()
    log.end(start(), done(log.seq))
    for client in clients:
        for _ in range(len(log.events) + 1):
            client.read_one()
        assert client.cursor.exhausted
        assert client.reader.gaps == client.reader.duplicates == 0
        assert same(client.reader, state(log))
