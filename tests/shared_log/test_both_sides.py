"""Logs in Redis: what one process writes another one shows."""

import asyncio
import uuid

from chat.generating.cursor import Cursor
from chat.generating.log import GenerationLog
from chat.generating.redis_log import RUNNING_S, Entry
from tests.live.redis import RedisServer
from tests.logs import CONVERSATION_ID, REQUEST_ID, apply, done, same, start, state, text
from tests.shared_log.sides import (
    Side,
    Watcher,
    entries_of,
    length,
    say,
    until,
)


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
    assert sum(len(Entry.decode(entry, REQUEST_ID).events) for entry in entries_of(entries)) == log.seq


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
