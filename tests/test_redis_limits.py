"""Limits and hints that several processes share over Redis, and what becomes of them without it."""

import asyncio
import inspect
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import msgspec
import pytest
from django.core.cache.backends.base import BaseCache

from accounts.rate_limits import RateLimiter
from accounts.shared_rate_limits import SharedWindow
from chat import hint_kinds
from chat.consumers import ChatConsumer
from config import redis
from config.cache import SharedCache
from config.shared_layer import SharedLayer

from .live.redis import RedisServer


@pytest.fixture
def windows(redis_server: RedisServer) -> list[RateLimiter]:
    """Those of three processes."""
    return [SharedWindow(redis_server.url, "parley:test:") for _ in range(3)]


@pytest.fixture
def caches(redis_server: RedisServer) -> list[BaseCache]:
    """Those of two processes."""
    options = redis.caches(redis_server.url, "parley:test:")["default"]
    return [SharedCache(redis_server.url, {**options, "KEY_PREFIX": "parley:test:"}) for _ in range(2)]


# ── rates ──


def test_processes_together_get_no_more_than_the_limit(windows: list[RateLimiter]) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: windows[n % 3].hit("alice", 50, 60), range(300)))
    assert answers.count(None) == 50
    refused = [answer.retry_after_s for answer in answers if answer]
    assert all(0 < seconds <= 60 for seconds in refused)
    assert windows[0].hit("bob", 50, 60) is None


def test_what_leaves_the_window_is_free_again(windows: list[RateLimiter]) -> None:
    assert windows[0].hit("alice", 1, 0.3) is None
    refused = windows[1].hit("alice", 1, 0.3)
    assert refused
    time.sleep(refused.retry_after_s + 0.01)
    assert windows[2].hit("alice", 1, 0.3) is None


def test_looking_counts_nothing_and_a_limit_of_0_lets_nothing_pass(windows: list[RateLimiter]) -> None:
    assert [windows[0].look("alice", 1, 60) for _ in range(3)] == [None] * 3
    assert windows[1].hit("alice", 1, 60) is None
    assert windows[0].look("alice", 1, 60)
    assert windows[0].hit("bob", 0, 60)


def test_a_key_goes_with_its_window(windows: list[RateLimiter], redis_server: RedisServer) -> None:
    windows[0].hit("alice", 5, 60)
    assert 0 < redis_server.client.ttl("parley:test:rate:alice") <= 60


def test_a_hit_may_be_taken_back_and_a_key_forgotten_by_another_process(windows: list[RateLimiter]) -> None:
    for key in ("alice", "bob"):
        assert [windows[0].hit(key, 2, 60) is None for _ in range(3)] == [True, True, False]
    windows[1].take_back("alice")
    windows[1].take_back("nobody")
    assert [windows[0].hit("alice", 2, 60) is None for _ in range(2)] == [True, False]
    windows[1].forget("alice")
    assert [windows[0].hit(key, 2, 60) is None for key in ("alice", "bob")] == [True, False]
    windows[1].clear()
    assert windows[0].hit("bob", 2, 60) is None


async def test_the_asynchronous_twin_counts_the_same(windows: list[RateLimiter]) -> None:
    assert await windows[0].ahit("alice", 1, 60) is None
    assert windows[1].hit("alice", 1, 60)


def test_without_redis_each_process_counts_for_itself(
    windows: list[RateLimiter], redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    redis_server.kill()
    for window in windows:
        assert [window.hit("alice", 2, 60) is None for _ in range(3)] == [True, True, False]
        window.take_back("alice")
        assert window.hit("alice", 2, 60) is None
        window.forget("alice")
        assert window.hit("alice", 2, 60) is None
    assert caplog.text.count("redis is away") == len(windows)


def test_a_redis_that_hangs_is_asked_once_in_a_while(windows: list[RateLimiter], redis_server: RedisServer) -> None:
    with redis_server.held_still():
        began_at = time.monotonic()
        assert sum(windows[0].hit("alice", 100, 60) is None for _ in range(200)) == 100
        assert time.monotonic() - began_at < 10
    while windows[0].look("alice", 1, 60):  # until it asks Redis again, which has counted nothing
        time.sleep(0.05)


def test_something_else_under_its_key_refuses_nobody_for_ever(
    windows: list[RateLimiter], redis_server: RedisServer
) -> None:
    redis_server.client.set("parley:test:rate:alice", "not a list")
    assert [windows[0].hit("alice", 1, 60) is None for _ in range(2)] == [True, False]


# ── the cache ──


def test_what_one_process_stores_the_other_finds(caches: list[BaseCache]) -> None:
    caches[0].set("history", [1.5, 2.5], 60)
    assert caches[1].get("history") == [1.5, 2.5]
    assert caches[0].add("lock", True, 60)
    assert not caches[1].add("lock", True, 60)
    caches[1].delete("lock")
    assert caches[0].get("lock", "gone") == "gone"
    caches[0].set("count", 1)
    assert caches[1].incr("count") == 2
    assert caches[0].get_many(["count", "history"]) == {"count": 2, "history": [1.5, 2.5]}


def test_clearing_the_cache_takes_nothing_else(caches: list[BaseCache], redis_server: RedisServer) -> None:
    redis_server.client.set("parley:test:log:1", "somebody's answer")
    caches[0].set("key", 1)
    caches[1].clear()
    assert caches[0].get("key") is None
    assert redis_server.client.get("parley:test:log:1")


def test_a_pickle_in_redis_is_not_opened(caches: list[BaseCache], redis_server: RedisServer) -> None:
    caches[0].set("key", 1)
    [key] = redis_server.client.keys()
    redis_server.client.set(key, b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94.")
    assert caches[0].get("key") is None


def test_nobody_is_refused_because_redis_is_away(caches: list[BaseCache], redis_server: RedisServer) -> None:
    redis_server.kill()
    caches[0].set("history", [1.5], 60)
    assert caches[0].get("history") == [1.5]
    assert caches[0].add("lock", True)


# ── hints ──


def numbered(number: int) -> dict[str, str]:
    """A hint that can be told from another."""
    return {"type": "generation.queued", "generation_id": str(uuid.UUID(int=number))}


def said_by_nobody(message: dict[str, Any]) -> dict[str, Any]:
    return {"type": "said", "by": "nobody", "group": "user.1", "message": message}


class Listener:
    """The channel layer of a process, and what a socket in it hears."""

    def __init__(self, url: str) -> None:
        self.layer: Any = SharedLayer(url, "parley:test:", redis.HINTS)
        self.heard: list[dict[str, Any]] = []

    async def __aenter__(self) -> "Listener":
        self.channel = await self.layer.new_channel()
        await self.layer.group_add("user.1", self.channel)
        self._tasks = [asyncio.create_task(self.layer.listen()), asyncio.create_task(self._hear())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def hears(self, number: int, of: "Listener") -> None:
        """Wait until it hears this; it is said again and again, for hints may be lost."""
        async with asyncio.timeout(20):
            while numbered(number) not in self.heard:
                await of.layer.group_send("user.1", numbered(number))
                await asyncio.sleep(0.05)

    async def _hear(self) -> None:
        while True:
            self.heard.append(await self.layer.receive(self.channel))


async def test_what_is_said_in_one_process_is_heard_in_all(redis_server: RedisServer) -> None:
    async with Listener(redis_server.url) as one, Listener(redis_server.url) as two:
        await two.hears(1, of=one)
        await one.hears(2, of=two)
        before = len(one.heard)
        await one.layer.group_send("user.1", numbered(3))
        await two.hears(4, of=two)
        assert one.heard[before:].count(numbered(3)) == 1  # its own echo is not heard again


@pytest.mark.parametrize("fault", ["restart", "kill the clients"])
async def test_after_a_fault_all_are_heard_again(redis_server: RedisServer, fault: str) -> None:
    async with Listener(redis_server.url) as one, Listener(redis_server.url) as two:
        await two.hears(1, of=one)
        if fault == "restart":
            redis_server.restart()
        else:
            redis_server.cut_connections()
        await two.hears(2, of=one)
        await one.hears(3, of=two)


async def test_a_process_that_starts_without_redis_hears_itself_and_later_the_others(
    redis_server: RedisServer,
) -> None:
    redis_server.kill()
    async with Listener(redis_server.url) as one, Listener(redis_server.url) as two:
        await one.hears(1, of=one)
        redis_server.start()
        await two.hears(2, of=one)


@pytest.mark.parametrize(
    "said",
    [
        b"\xc1",
        {"type": "said"},
        said_by_nobody({"type": "generation.queued", "generation_id": 5}),
        said_by_nobody({"type": "generation.queued", "generation_id": "x"}),
        said_by_nobody({"type": "generation.queued"}),
        said_by_nobody({"type": "websocket.receive", "text": '{"type":"ping"}'}),
        said_by_nobody({"type": "base.send", "text": "x"}),
        said_by_nobody({"type": "budget.changed", "more": "x"}),
        said_by_nobody({"type": "budget.changed"}) | {"group": "no such group!"},
        said_by_nobody({"type": "budget.changed"}) | {"more": 1},
    ],
)
async def test_what_is_not_a_hint_harms_nobody(redis_server: RedisServer, said: Any) -> None:
    async with Listener(redis_server.url) as one, Listener(redis_server.url) as two:
        await two.hears(1, of=one)
        raw = said if isinstance(said, bytes) else msgspec.msgpack.encode(said)
        assert redis_server.client.publish("parley:test:__group__hints", raw) == 2
        await two.hears(2, of=one)
        assert {heard["type"] for heard in two.heard} == {"generation.queued"}


# ── is it there? ──


def test_it_is_said_how_redis_is(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert redis.examine(redis_server.url) == ""
    folder = tmp_path_factory.mktemp("locked")
    with RedisServer(folder, "--unixsocketperm", "700") as locked:
        locked.client.config_set("requirepass", "secret")
        assert redis.examine(locked.url.replace("unix://", "unix://:wrong@")) == (
            "Redis refuses the name or the password in REDIS_URL."
        )
        assert redis.examine(locked.url.replace("unix://", "unix://:secret@")) == ""
    assert redis.examine(locked.url).startswith(f"Redis cannot be reached at unix://{folder}")
    assert "secret" not in redis.examine("redis://:secret@127.0.0.1:9/0")


def test_every_hint_that_a_socket_takes_may_come_from_another_process() -> None:
    methods = {name: method for name, method in vars(ChatConsumer).items() if inspect.isfunction(method)}
    taken = {name for name, method in methods.items() if "hint" in inspect.signature(method).parameters} - {"hear"}
    known = {kind.__struct_config__.tag for kind in get_args(hint_kinds.AnyHint)}
    assert known == {name.replace("_", ".") for name in taken} | {"cancel.requested", "rules.changed"}
