"""Logs in Redis: one runner after another, and those who do not know that they were replaced."""

import uuid

import pytest

from chat.generating.events import StartEvent
from chat.generating.redis_log import Append
from tests.live.redis import RedisServer
from tests.logs import REQUEST_ID, start, text
from tests.shared_log.sides import Side, Watcher, say, until


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
