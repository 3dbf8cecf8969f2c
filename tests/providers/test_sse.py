"""Server-sent events come out the same wherever the network cuts them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.providers.sse import MAX_EVENT_BYTES, EventSplitter, EventTooLongError

STREAM = (
    ": a comment\n\n"
    'event: first\ndata: {"text":"naïve 😀"}\n\n'
    "data:no space\nid: 7\nretry: 10\n\n"
    "data: two\ndata: lines\n\n"
    "event: without data\n\n"
    "data:  a second space stays\n\n"
    "data: [DONE]\n\n"
).encode()
EVENTS = ['{"text":"naïve 😀"}', "no space", "two\nlines", " a second space stays", "[DONE]"]


@given(cuts=st.lists(st.integers(0, len(STREAM) + 20)), crlf=st.booleans())
def test_events_are_the_same_wherever_packets_end(cuts: list[int], crlf: bool) -> None:
    stream = STREAM.replace(b"\n", b"\r\n") if crlf else STREAM
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    splitter = EventSplitter()
    events = [event for a, b in pairwise(bounds) for event in splitter.feed(stream[a:b])]
    assert [event.decode() for event in events] == EVENTS


def test_an_event_is_given_in_the_read_that_ends_it() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: a\n") == []
    assert splitter.feed(b"\ndata: b") == [b"a"]
    assert splitter.feed(b"\n\n") == [b"b"]


@pytest.mark.parametrize(
    ("reads", "events"),
    [
        ([b"data: a\n\n"], [b"a"]),
        ([b"data: a\r\n\n"], [b"a"]),
        ([b"data: a\rb\n\n"], [b"a\rb"]),
        ([b"data: \n\n"], [b""]),
        ([b"data: a\n:"], []),
        ([b"data: a\n", b"data: b\n\n"], [b"a\nb"]),
        ([b"data: a", b"data: b\n\n"], [b"adata: b"]),
    ],
)
def test_a_read_is_taken_for_one_event_only_when_it_is(reads: list[bytes], events: list[bytes]) -> None:
    splitter = EventSplitter()
    assert [event for read in reads for event in splitter.feed(read)] == events


def test_the_end_brings_an_event_whose_blank_line_is_missing() -> None:
    splitter = EventSplitter()
    splitter.feed(b"data: last\n")
    assert splitter.end() == [b"last"]


def test_the_end_brings_nothing_of_a_line_that_was_cut() -> None:
    splitter = EventSplitter()
    splitter.feed(b"data: la")
    assert splitter.end() == []


ENDLESS = {"one line": b"x" * 10_000, "one event": b"data: " + b"x" * 10_000 + b"\n", "no data": b"data:\n" * 2000}


@pytest.mark.parametrize("read", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_refused(read: bytes) -> None:
    splitter = EventSplitter()
    with pytest.raises(EventTooLongError):
        [splitter.feed(read) for _ in range(MAX_EVENT_BYTES // 10_000 + 2)]


def test_many_events_in_one_read_are_no_long_event() -> None:
    read = (b"data: " + b"x" * 1000 + b"\n\n") * 3000
    assert len(EventSplitter().feed(read)) == 3000
