"""Any log, any readers: each holds a prefix at all times, and in the end the same."""

from hypothesis import given, settings
from hypothesis import strategies as some

from chat.generating.cursor import Cursor
from chat.generating.events import MAX_FRAME_TEXT, text_events
from chat.generating.log import GenerationLog
from tests.live.client import Reader
from tests.logs import REQUEST_ID, apply, done, new_log, same, start, state

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
