"""Logs in Redis: what becomes of them when Redis fails."""

import contextlib
import uuid
from pathlib import Path

import pytest

from chat.generating.hub import LogHub
from chat.generating.redis_log import Entry
from chat.generating.replica import Replica
from chat.models import Generation
from tests.live.redis import RedisServer
from tests.logs import REQUEST_ID, start
from tests.shared_log.sides import Side, Watcher, entries_of, epoch_is, generation_of, say, until


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
    late = Watcher(LogHub(Path("/nowhere")).follow(generation_of(generation_id)))
    entries = [Entry.decode(entry, REQUEST_ID) for entry in entries_of(client.xrange(key))]
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
