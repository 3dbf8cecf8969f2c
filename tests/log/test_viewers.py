"""A viewer: several logs and notices in turn, to the end and no further."""

import json
import tracemalloc

from chat import protocol
from chat.generating.cursor import Cursor, Frame
from chat.generating.events import MAX_FRAME_TEXT
from chat.generating.viewer import MAX_NOTICES, Viewer
from tests.log.reading import types
from tests.logs import ended, text, written


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
