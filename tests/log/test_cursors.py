"""The log and its cursors: every viewer reads the same events, in frames of whatever size suits it."""

import pytest

from chat.generating.cursor import Cursor
from chat.generating.events import MAX_FRAME_TEXT, StartEvent, text_events
from chat.generating.log import GenerationLog
from tests.live.client import Reader
from tests.log.reading import drained, read, types
from tests.logs import REQUEST_ID, apply, ended, new_log, queued, same, start, state, text, written


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
