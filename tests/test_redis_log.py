"""Logs in Redis: what one process writes another one shows, and what becomes of it when Redis fails."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from accounts.models import User
from chat.generating.events import EndEvent, Event, StartEvent, text_events
from chat.generating.flushing import Flusher
from chat.generating.hub import LogHub
from chat.generating.journal import Journal
from chat.generating.log import Cursor, GenerationLog
from chat.generating.redis_log import RUNNING_S, Append, Entry, Foreign, RedisLog
from chat.generating.replica import Replica
from chat.generating.tailing import Tail
from chat.models import Conversation, Generation, Message
from config import redis

from .live.client import Reader
from .live.redis import RedisServer
from .logs import CONVERSATION_ID, REQUEST_ID, apply, done, same, start, state, text

PREFIX = "parley:test:"
TIMEOUT_S = 20


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other tasks bring about."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.005)


class Side:
    """What a process has of shared logs."""

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.redis_log = RedisLog(redis.connect(server.url), PREFIX)
        self.replaced: list[uuid.UUID] = []
        self.flusher = Flusher(self.redis_log, self.replaced.append)
        self.tail = Tail(self.redis_log, server.url, PREFIX)
        self.hub = LogHub(folder)
        self.hub.outlet, self.hub.tail = self.flusher, self.tail
        self._folder = folder

    async def __aenter__(self) -> "Side":
        self._tasks = [asyncio.create_task(work) for work in (self.flusher.run(), self.tail.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.redis_log.redis.aclose()

    def writes(self, generation_id: uuid.UUID, fence: int = 1, events: list[Event] | None = None) -> GenerationLog:
        """A log that this process writes."""
        journal = Journal(self._folder, generation_id)
        log = GenerationLog(generation_id, REQUEST_ID, uuid.UUID(int=5), CONVERSATION_ID, journal, events or [])
        log.outlet = self.flusher
        log.hold(fence)
        return log

    def watches(self, generation_id: uuid.UUID) -> "Watcher":
        """A viewer of a log that another process writes."""
        message = Message(conversation_id=CONVERSATION_ID)
        user = User(pk=uuid.UUID(int=5))
        generation = Generation(pk=generation_id, request_id=REQUEST_ID, user=user, message=message)
        return Watcher(self.hub.follow(generation))


class Watcher:
    """A viewer that reads as fast as it can, and what it holds."""

    def __init__(self, log: GenerationLog) -> None:
        self.log = log
        self.cursor = Cursor(log)
        self.reader = Reader(str(REQUEST_ID))

    async def reads(self, words: str) -> None:
        """Until it holds these words, at no moment anything else than a beginning of them."""

        def held() -> bool:
            while (frame := self.cursor.next_frame()) is not None:
                apply(self.reader, frame)
                assert words.startswith(self.reader.text)
            return self.reader.text == words

        await until(held)

    async def reads_to_the_end(self) -> None:
        def ended() -> bool:
            while (frame := self.cursor.next_frame()) is not None:
                apply(self.reader, frame)
            return self.cursor.exhausted

        await until(ended)


@pytest.fixture
async def owner(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Side]:
    async with Side(redis_server, tmp_path / "owner") as side:
        yield side


@pytest.fixture
async def other(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Side]:
    async with Side(redis_server, tmp_path / "other") as side:
        yield side


@pytest.fixture
def generation_id() -> uuid.UUID:
    return uuid.uuid4()


def say(log: GenerationLog, *words: str) -> None:
    for word in words:
        log.append([text(word)])


def length(server: RedisServer, side: Side, generation_id: uuid.UUID) -> int:
    return int(server.client.xlen(side.redis_log.key(generation_id)))


# ── both sides ──


async def test_what_one_process_writes_another_one_shows(owner: Side, other: Side, generation_id: uuid.UUID) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    early = other.watches(generation_id)
    say(log, "one ", "two ")
    log.append([text("hm", "thinking")])
    await early.reads("one two ")
    say(log, "three")
    await early.reads("one two three")
    late = other.watches(generation_id)
    assert late.log is early.log
    log.end(start(), done(log.seq))
    for watcher in (early, late):
        await watcher.reads_to_the_end()
        assert same(watcher.reader, state(log))
        assert (watcher.reader.gaps, watcher.reader.duplicates, watcher.reader.starts) == (0, 0, 1)


async def test_from_every_cursor_another_process_continues(owner: Side, other: Side, generation_id: uuid.UUID) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    for number in range(30):
        say(log, f"{number} ")
        await asyncio.sleep(0)
    log.end(start(), done(log.seq))
    watcher = other.watches(generation_id)
    await watcher.reads_to_the_end()
    for after in range(log.seq + 1):
        held = state(
            GenerationLog(generation_id, REQUEST_ID, uuid.UUID(int=5), CONVERSATION_ID, None, log.events[:after])
        )
        cursor = Cursor(watcher.log, after, 1)
        while (frame := cursor.next_frame()) is not None:
            apply(held, frame)
        assert same(held, state(log))
        assert held.starts == 1


async def test_many_logs_go_together(owner: Side, other: Side, redis_server: RedisServer) -> None:
    ids = [uuid.uuid4() for _ in range(50)]
    logs = [owner.writes(generation_id) for generation_id in ids]
    watchers = [other.watches(generation_id) for generation_id in ids]
    for log in logs:
        log.start(start())
    before = redis_server.client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)
    for _round in range(20):
        for log in logs:
            say(log, "word ")
        await asyncio.sleep(0)
    for watcher in watchers:
        await watcher.reads("word " * 20)
    calls = redis_server.client.info("commandstats")["cmdstat_evalsha"]["calls"] - before
    assert calls <= 25


async def test_nobody_sees_what_redis_does_not_hold(
    owner: Side, redis_server: RedisServer, generation_id: uuid.UUID
) -> None:
    """While Redis takes its time, within what it may take, viewers wait."""
    log = owner.writes(generation_id)
    log.start(start())
    watcher = Watcher(log)
    say(log, "one ")
    await watcher.reads("one ")
    redis_server.client.client_pause(200)
    say(log, "two ")
    await asyncio.sleep(0.05)
    assert watcher.cursor.next_frame() is None
    assert log.text == "one two "
    await watcher.reads("one two ")
    [entries] = [redis_server.client.xrange(owner.redis_log.key(generation_id))]
    assert sum(len(Entry.decode(entry, REQUEST_ID).events) for entry in _raw(entries)) == log.seq


async def test_a_stream_has_a_time_to_live(owner: Side, redis_server: RedisServer, generation_id: uuid.UUID) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    await until(lambda: length(redis_server, owner, generation_id))
    assert 60 < redis_server.client.ttl(owner.redis_log.key(generation_id)) <= RUNNING_S
    log.end(start(), done(log.seq))
    await until(lambda: 0 < redis_server.client.ttl(owner.redis_log.key(generation_id)) <= 60)


async def test_a_log_that_begins_anew_does_so_everywhere(owner: Side, other: Side, generation_id: uuid.UUID) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    watcher = other.watches(generation_id)
    await until(lambda: watcher.log.events)
    log.start(start(epoch=2, model="other"))
    say(log, "right")
    await watcher.reads("right")
    assert watcher.reader.start
    assert (watcher.reader.start["model"], watcher.reader.epoch) == ("other", 2)


# ── other runners ──


async def test_the_next_runner_goes_on_in_the_log_and_the_zombie_writes_nothing(
    owner: Side, other: Side, generation_id: uuid.UUID, redis_server: RedisServer
) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    say(log, "one ", "two ")
    watcher = Watcher(log)
    await watcher.reads("one two ")
    events = await other.redis_log.claim(generation_id, REQUEST_ID, 2)
    assert events == log.events
    say(log, "never ", "seen")
    await until(lambda: owner.replaced == [generation_id])
    assert watcher.cursor.next_frame() is None
    resumed = other.writes(generation_id, 2, events)
    elsewhere = owner.watches(generation_id)
    say(resumed, "three")
    await elsewhere.reads("one two three")
    assert not other.replaced
    log.outlet = None


@pytest.mark.parametrize("lost", [False, True])
async def test_a_zombie_is_refused_whatever_it_knows(
    owner: Side, other: Side, generation_id: uuid.UUID, redis_server: RedisServer, lost: bool
) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    await until(lambda: not log.held_back)
    resumed = other.writes(generation_id, 2, list(log.events))
    say(resumed, "right")
    await until(lambda: not resumed.held_back)
    if lost:
        redis_server.client.flushall()
        say(resumed, " and right")
        await until(lambda: not resumed.held_back)
    say(log, "wrong")
    await until(lambda: owner.replaced)
    key = owner.redis_log.key(generation_id)
    whole = Append(key, b"*", b"1-2", 1, [StartEvent(start()), text("wrong")])
    [refusal] = await owner.redis_log.append([whole])
    assert refusal.fence == 2
    watcher = owner.watches(generation_id)
    await watcher.reads("right and right" if lost else "right")


async def test_claiming_what_is_not_there_finds_nothing(owner: Side, redis_server: RedisServer) -> None:
    generation_id = uuid.uuid4()
    assert await owner.redis_log.claim(generation_id, REQUEST_ID, 2) == []
    redis_server.client.set(owner.redis_log.key(generation_id), "something else")
    assert await owner.redis_log.claim(generation_id, REQUEST_ID, 2) == []


# ── faults ──


@pytest.mark.parametrize("fault", ["flushall", "trim", "delete", "something else"])
async def test_a_stream_that_was_lost_is_written_again(
    owner: Side, other: Side, generation_id: uuid.UUID, redis_server: RedisServer, fault: str
) -> None:
    log = owner.writes(generation_id)
    log.start(start())
    watcher = other.watches(generation_id)
    for word in ("one ", "two "):
        say(log, word)
        await watcher.reads(log.text)
    key, client = owner.redis_log.key(generation_id), redis_server.client
    if fault == "flushall":
        client.flushall()
    elif fault == "trim":
        client.xtrim(key, maxlen=0)
    else:
        client.delete(key)
        if fault == "something else":
            client.set(key, "a string")
    say(log, "three")
    await watcher.reads("one two three")
    late = Watcher(LogHub(Path("/nowhere")).follow(_generation(generation_id)))
    entries = [Entry.decode(entry, REQUEST_ID) for entry in _raw(client.xrange(key))]
    assert isinstance(late.log, Replica)
    late.log.take(entries)
    await late.reads("one two three")
    assert watcher.reader.starts == 1


@pytest.mark.parametrize("fault", ["restart", "cut connections"])
async def test_after_a_fault_all_goes_on(
    running: Generation, owner: Side, other: Side, redis_server: RedisServer, fault: str
) -> None:
    log = owner.writes(running.pk, running.fence)
    log.start(start())
    watcher, local = other.watches(running.pk), Watcher(log)
    say(log, "one ")
    await watcher.reads("one ")
    if fault == "restart":
        redis_server.restart()
    else:
        redis_server.cut_connections()
    say(log, "two ")
    await local.reads("one two ")
    await watcher.reads("one two ")
    say(log, "three")
    await watcher.reads("one two three")
    assert (watcher.reader.starts, local.reader.starts) == (1, 1)
    await epoch_is(running, lambda epoch: epoch == 1)


@pytest.mark.parametrize("fault", ["killed", "held still"])
async def test_without_redis_the_owners_viewers_go_on_and_the_others_catch_up(
    running: Generation, owner: Side, other: Side, redis_server: RedisServer, fault: str
) -> None:
    log = owner.writes(running.pk, running.fence)
    log.start(start())
    watcher, local = other.watches(running.pk), Watcher(log)
    say(log, "one ")
    await watcher.reads("one ")
    with contextlib.ExitStack() as stack:
        if fault == "killed":
            redis_server.kill()
        else:
            stack.enter_context(redis_server.held_still())
        for word in ("two ", "three ", "four "):
            say(log, word)
            await local.reads(log.text)
            stored = await Generation.objects.aget(pk=running.pk)
            assert stored.epoch > 1  # who takes over now knows that people have seen more
    if fault == "killed":
        redis_server.start()
    await watcher.reads("one two three four ")
    assert watcher.reader.starts == 1
    await epoch_is(running, lambda epoch: epoch == 1)
    say(log, "five")
    await watcher.reads("one two three four five")


async def test_who_has_been_replaced_shows_nothing_from_its_journal_alone(
    running: Generation, owner: Side, redis_server: RedisServer
) -> None:
    log = owner.writes(running.pk, running.fence)
    log.start(start())
    watcher = Watcher(log)
    say(log, "one ")
    await watcher.reads("one ")
    await Generation.objects.filter(pk=running.pk).aupdate(fence=running.fence + 1)
    redis_server.kill()
    say(log, "two ")
    await until(lambda: owner.replaced == [running.pk])
    assert watcher.cursor.next_frame() is None


# ── what Redis holds may be anything ──


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


def _raw(entries: object) -> list[object]:
    """As they come over the wire."""
    return [[entry_id, [part for pair in fields.items() for part in pair]] for entry_id, fields in entries]  # type: ignore[attr-defined]


def _generation(generation_id: uuid.UUID) -> Generation:
    message = Message(conversation_id=CONVERSATION_ID)
    return Generation(pk=generation_id, request_id=REQUEST_ID, user=User(pk=uuid.UUID(int=5)), message=message)


# ── a generation in the database ──


@pytest.fixture
def running(transactional_db: None, alice: User) -> Generation:
    """One that runs in the owner's process."""
    conversation = Conversation.objects.create(owner=alice)
    prompt = Message.objects.create(conversation=conversation, role=Message.Role.USER, text="Hello")
    answer = Message.objects.create(conversation=conversation, parent=prompt, role=Message.Role.ASSISTANT)
    generation = Generation.objects.create(
        user=alice, request_id=REQUEST_ID, message=answer, model="scripted", max_output_tokens=100
    )
    assert generation.claim(uuid.uuid4(), "scripted")
    return generation


async def epoch_is(generation: Generation, expected: Callable[[int], bool]) -> None:
    """Wait until the database says so."""
    async with asyncio.timeout(TIMEOUT_S):
        while not expected((await Generation.objects.aget(pk=generation.pk)).epoch):
            await asyncio.sleep(0.01)
