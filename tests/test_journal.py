"""The journal: what was written is read again, however the file was left."""

import contextlib
import os
import resource
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chat.generating.events import Event, StartEvent, text_events
from chat.generating.journal import Journal, JournalError
from chat.generating.log import GenerationLog

from .logs import done, new_journal, new_log, start, text

EVENTS: list[Event] = [
    StartEvent(start()),
    text("Let me see.", "thinking"),
    text("Grüße aus 東京 😀\n\r\n\u2028\x85\0\x1f"),
    text(' "quoted" \\ [] {}'),
    text("\n"),
]


@contextlib.contextmanager
def full_at(size: int) -> Iterator[None]:
    """As on a full disk: the kernel lets no file of this process grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def open_files(folder: Path) -> list[str]:
    """Those of this folder that the process has open."""
    found: list[str] = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile, by another thread
            found.append(str(link.readlink()))
    return [target for target in found if target.startswith(str(folder))]


def reread(folder: Path) -> list[Event]:
    """What the next process finds."""
    return new_journal(folder).read()


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.write(EVENTS[:2])
    journal.write(EVENTS[2:])
    assert reread(tmp_path) == EVENTS


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    assert reread(tmp_path / "not yet there") == []


def test_each_event_is_on_disk_before_it_can_be_read(tmp_path: Path) -> None:
    log = new_log(new_journal(tmp_path))
    log.start(start())
    log.append([text("one"), text("two")])
    assert reread(tmp_path) == log.events


def test_the_end_is_not_in_the_journal(tmp_path: Path) -> None:
    """A process that dies right after the end was stored must not find one that the database has not."""
    log = new_log(new_journal(tmp_path))
    log.start(start())
    log.end(start(), done(1))
    assert reread(tmp_path) == [StartEvent(start())]


def test_a_log_goes_on_behind_what_was_recovered(tmp_path: Path) -> None:
    new_journal(tmp_path).write(EVENTS)
    journal = new_journal(tmp_path)
    log = new_log(journal)
    log = GenerationLog(log.generation_id, log.request_id, log.user_id, log.conversation_id, journal, journal.read())
    log.append([text("more")])
    assert reread(tmp_path) == [*EVENTS, text("more")]


def test_a_tail_torn_at_any_byte_leaves_the_whole_events(tmp_path: Path) -> None:
    """And writing goes on behind them: the torn piece never ends up in the middle of the file."""
    journal = new_journal(tmp_path)
    ends = [0]
    for event in EVENTS:
        journal.write([event])
        ends.append(journal.path.stat().st_size)
    whole = journal.path.read_bytes()
    for size in range(len(whole) + 1):
        journal.path.write_bytes(whole[:size])
        kept = sum(end <= size for end in ends) - 1
        again = new_journal(tmp_path)
        assert again.read() == EVENTS[:kept]
        assert again.path.stat().st_size == ends[kept]
        more = EVENTS[kept:] or [text("more")]
        again.write(more)
        again.close()
        assert reread(tmp_path) == [*EVENTS[:kept], *more]


@pytest.mark.parametrize("junk", [b"\0" * 4096, b"null\n", b'["text","token",5]\n', b"\xff\xfe\n", b"\n", b'["end"]\n'])
def test_what_follows_a_broken_line_is_cut_off(tmp_path: Path, junk: bytes) -> None:
    """A crashed file system may leave anything behind the last page it wrote."""
    journal = new_journal(tmp_path)
    journal.write(EVENTS)
    size = journal.path.stat().st_size
    with journal.path.open("ab") as file:
        file.write(junk + b'["text","token","behind"]\n')
    assert reread(tmp_path) == EVENTS
    assert journal.path.stat().st_size == size


def test_a_later_start_forgets_what_was_before(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.write(EVENTS)
    journal.write([StartEvent(start(epoch=2, model="other")), text("anew")])
    assert reread(tmp_path) == [StartEvent(start(epoch=2, model="other")), text("anew")]


def test_a_later_start_that_is_torn_leaves_what_was_before(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.write(EVENTS)
    journal.write([StartEvent(start(epoch=2))])
    os.truncate(journal.path, journal.path.stat().st_size - 1)
    assert reread(tmp_path) == EVENTS


def test_text_without_a_start_is_nothing(tmp_path: Path) -> None:
    new_journal(tmp_path).write([text("lost")])
    assert reread(tmp_path) == []


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal = new_journal(tmp_path / "journal")
        journal.write(EVENTS)
    finally:
        os.umask(before)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_it_is_removed_at_the_end_and_that_can_be_repeated(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.write(EVENTS)
    journal.remove()
    journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_no_file_stays_open(tmp_path: Path) -> None:
    for number in range(20):
        journal = Journal(tmp_path, uuid.UUID(int=number))
        journal.write(EVENTS)
        journal.read()
        (journal.remove if number % 2 else journal.close)()
    assert open_files(tmp_path) == []


def test_a_disk_that_is_full_is_said_plainly(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.write(EVENTS)
    with full_at(journal.path.stat().st_size), pytest.raises(JournalError, match=r"^The server's disk is full\.$"):
        journal.write([text("x")])
    assert reread(tmp_path) == EVENTS


def test_a_write_that_fits_only_in_part_leaves_nothing_of_itself(tmp_path: Path) -> None:
    """Wherever the disk ends; and when there is room again, writing goes on."""
    more = [text("one"), text("Grüße"), text("three")]
    sizes = Journal(tmp_path, uuid.UUID(int=1))
    sizes.write(EVENTS)
    begin = sizes.path.stat().st_size
    sizes.write(more)
    for size in range(begin, sizes.path.stat().st_size):
        journal = new_journal(tmp_path)
        journal.write(EVENTS)
        with full_at(size), pytest.raises(JournalError, match="full"):
            journal.write(more)
        assert journal.path.stat().st_size == begin
        journal.write(more)
        assert reread(tmp_path) == [*EVENTS, *more]
        journal.remove()


def test_a_log_whose_journal_is_full_has_nothing_more_to_show(tmp_path: Path) -> None:
    """Nobody is sent what is not on disk."""
    journal = new_journal(tmp_path)
    log = new_log(journal)
    log.start(start())
    log.append([text("seen")])
    writes: list[Callable[[], None]] = [
        lambda: log.append([text("unseen")]),
        lambda: log.start(start(epoch=2)),
        lambda: log.rebuild([StartEvent(start(epoch=2)), text("unseen")]),
    ]
    for write in writes:
        with full_at(journal.path.stat().st_size), pytest.raises(JournalError):
            write()
        assert (log.text, log.epoch, log.seq) == ("seen", 1, 2)
    assert reread(tmp_path) == log.events


def test_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="cannot write to its data folder"):
        new_journal(tmp_path / "file").write(EVENTS)


texts = some.tuples(some.sampled_from(["token", "thinking"]), some.text())


@settings(deadline=None, max_examples=50)
@given(some.lists(texts, max_size=5), some.integers(0, 6))
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[Literal["token", "thinking"], str]], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    events: list[Event] = [StartEvent(start())]
    for kind, words in pieces:
        events += text_events(kind, words)
    journal = new_journal(folder)
    journal.write(events[:cut])
    journal.write(events[cut:])
    assert reread(folder) == events
