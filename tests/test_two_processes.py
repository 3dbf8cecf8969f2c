"""Two processes that share PostgreSQL and Redis: what one writes, people at the other see, stop and resume."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from tests.live.admin import AdminBrowser
from tests.live.client import SocketClient, signed_in
from tests.live.redis import RedisServer
from tests.live.refusals import refusal
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


@pytest.fixture
def servers(start_cluster: Callable[..., list[LiveServer]], redis_server: RedisServer) -> list[LiveServer]:
    return start_cluster(2, REDIS_URL=redis_server.url)


@pytest.fixture
async def sockets(servers: list[LiveServer]) -> AsyncIterator[tuple[SocketClient, SocketClient]]:
    """Alice at either of them."""
    async with signed_in(servers[0]) as first, signed_in(servers[1]) as second:
        await first.frame("session")
        await second.frame("session")
        yield first, second


async def test_an_answer_is_seen_at_the_other_process_from_every_cursor(
    sockets: tuple[SocketClient, SocketClient], provider: ProviderServer
) -> None:
    script = provider.script(tokens=60, rate=40)
    first, second = sockets
    reader = await first.generate()
    await first.until(lambda: reader.text)
    assert reader.start
    await second.send("conversation:open", conversation_id=reader.start["conversation_id"])
    seen = second.reader(reader.request_id)
    await asyncio.gather(first.ended(reader), second.ended(seen))
    assert seen.text == reader.text == script.text
    assert (seen.starts, seen.gaps, seen.epoch) == (1, 0, reader.epoch)
    assert seen.end == reader.end
    await second.send("ai:resume", request_id=reader.request_id, after=reader.cursor - 3, epoch=reader.epoch)
    await second.frame("ai:done", after=reader.cursor - 1)


async def test_what_begins_in_an_open_conversation_is_seen_at_once(
    sockets: tuple[SocketClient, SocketClient], provider: ProviderServer
) -> None:
    provider.script(tokens=2)
    first, second = sockets
    reader = await first.ended(await first.generate())
    assert reader.start
    await second.send("conversation:open", conversation_id=reader.start["conversation_id"])
    await second.send("ping", id=1)
    await second.frame("pong", id=1)
    provider.script(tokens=60, rate=40)
    again = await first.generate("And?", conversation_id=reader.start["conversation_id"])
    await second.until(lambda: second.reader(again.request_id).text)
    assert not again.end
    await second.ended(second.reader(again.request_id))
    assert second.reader(again.request_id).starts == 1


async def test_stop_is_obeyed_by_the_process_that_writes(
    sockets: tuple[SocketClient, SocketClient], provider: ProviderServer
) -> None:
    provider.script(tokens=100_000, rate=50)
    first, second = sockets
    reader = await first.generate()
    await first.until(lambda: reader.text)
    await second.send("ai:cancel", request_id=reader.request_id)
    await first.ended(reader)
    assert reader.status == "cancelled"
    await provider.requests[0].aleft()


async def test_what_an_admin_does_at_one_process_holds_at_the_other_at_once(
    servers: list[LiveServer], sockets: tuple[SocketClient, SocketClient], provider: ProviderServer
) -> None:
    admin, (_first, second) = AdminBrowser(servers[0]), sockets
    rule = {"name": "No needles", "kind": "words", "text": "needle", "applies_to": "both", "action": "block"}
    rule |= {"longest_match": "80", "enabled": "on"}
    await asyncio.to_thread(admin.submit, "/admin/chat/contentrule/add/", **rule)
    began = time.monotonic()
    while not await refusal(second, "A needle"):
        assert time.monotonic() - began < 20
    now = {"starts_at_0": "2026-01-01", "starts_at_1": "10:00:00", "level": "info"}
    for path, fields in (
        ("/admin/accounts/announcement/add/", {"text": "Tonight we move."} | now),
        ("/admin/live/pause/", {"sentence": "We are moving."}),
    ):
        second.frames.clear()
        await asyncio.to_thread(admin.post_from, path.replace("pause/", ""), path, **fields)
        await second.frame("site:news")
    paused = await second.generate("Hello")
    said = await second.frame("ai:error", request_id=paused.request_id)
    assert said["message"] == "We are moving."


@pytest.mark.parametrize("fault", ["flushall", "restart", "cut connections", "held still"])
async def test_redis_may_fail_under_an_answer(
    sockets: tuple[SocketClient, SocketClient], provider: ProviderServer, redis_server: RedisServer, fault: str
) -> None:
    """Whoever watches at the writer's process sees it go on; the others catch up."""
    script = provider.script(tokens=400, rate=50)
    first, second = sockets
    reader = await first.generate()
    await first.until(lambda: reader.text)
    await second.send("ai:resume", request_id=reader.request_id, after=0)
    seen = second.reader(reader.request_id)
    await second.until(lambda: seen.text)
    if fault == "held still":
        with redis_server.held_still():
            length = len(reader.text)
            await first.until(lambda: len(reader.text) > length + 200)
    else:
        strikes: dict[str, Callable[[], object]] = {
            "flushall": redis_server.client.flushall,
            "restart": redis_server.restart,
            "cut connections": redis_server.cut_connections,
        }
        strikes[fault]()
    length = len(reader.text)
    await second.until(lambda: len(seen.text) > length)
    assert script.text.startswith(seen.text)
    await asyncio.gather(first.ended(reader), second.ended(seen))
    assert seen.text == reader.text == script.text
    assert (reader.starts, reader.gaps) == (1, 0)


async def test_without_redis_the_other_process_reads_the_database(
    sockets: tuple[SocketClient, SocketClient], provider: ProviderServer, redis_server: RedisServer
) -> None:
    script = provider.script(tokens=300, rate=50)
    first, second = sockets
    redis_server.kill()
    reader = await first.generate()
    await first.until(lambda: reader.text)
    await second.send("ai:resume", request_id=reader.request_id, after=0)
    seen = second.reader(reader.request_id)
    await second.until(lambda: seen.text)
    assert not reader.end
    await asyncio.gather(first.ended(reader), second.ended(seen))
    assert seen.text == reader.text == script.text


async def test_a_killed_process_is_replaced_in_the_same_log(
    servers: list[LiveServer], sockets: tuple[SocketClient, SocketClient], provider: ProviderServer
) -> None:
    provider.script(tokens=400, rate=20)
    first, second = sockets
    reader = await first.generate()
    await first.until(lambda: reader.text)
    await second.send("ai:resume", request_id=reader.request_id, after=0)
    seen = second.reader(reader.request_id)
    await second.until(lambda: len(seen.text) > 100)
    servers[0].kill()
    began_at = time.monotonic()
    held = reader.text
    async with asyncio.timeout(60):
        while len(provider.requests) < 2:
            await asyncio.sleep(0.1)
    assert time.monotonic() - began_at < 30
    assert seen.text.startswith(held)
    length = len(seen.text)
    await second.until(lambda: len(seen.text) > length)
    assert (seen.starts, seen.gaps) == (1, 0)
    await second.send("ai:cancel", request_id=reader.request_id)
    await second.ended(seen)


async def test_messages_a_minute_are_counted_at_all_processes_together(
    start_cluster: Callable[..., list[LiveServer]], redis_server: RedisServer, provider: ProviderServer
) -> None:
    provider.script(tokens=1)
    servers = start_cluster(2, REDIS_URL=redis_server.url, MESSAGES_PER_MINUTE=5)
    async with signed_in(servers[0]) as first, signed_in(servers[1]) as second:
        readers = [await (first, second)[number % 2].generate(f"Question {number}") for number in range(8)]

        def answered() -> bool:
            refused = [frame for socket in (first, second) for frame in socket.frames if frame["type"] == "ai:error"]
            return len(refused) + sum(reader.end is not None for reader in readers) == len(readers)

        async with asyncio.timeout(20):
            while not answered():
                await asyncio.sleep(0.05)
        assert sum(reader.end is not None for reader in readers) == 5


async def test_without_redis_what_happens_at_the_other_process_is_found_within_seconds(
    start_cluster: Callable[..., list[LiveServer]], provider: ProviderServer
) -> None:
    provider.script(tokens=2)
    servers = start_cluster(2)
    async with signed_in(servers[0]) as first, signed_in(servers[1]) as second:
        reader = await first.ended(await first.generate())
        assert reader.start
        conversation_id = reader.start["conversation_id"]
        await second.frame("conversation:updated", conversation_id=conversation_id)
        await second.frame("budget")
        await second.send("conversation:open", conversation_id=conversation_id)
        provider.script(tokens=300, rate=40)
        again = await first.generate("And?", conversation_id=conversation_id)
        await second.until(lambda: second.reader(again.request_id).text)
        assert not again.end
        await second.send("ai:cancel", request_id=again.request_id)
        assert (await first.ended(again)).status == "cancelled"
        await second.ended(second.reader(again.request_id))
        assert second.reader(again.request_id).text == again.text
        seen = len([frame for frame in second.frames if frame["type"] == "conversation:updated"])
        servers[0].execute("UPDATE chat_conversation SET title = 'Another name'")
        await second.until(
            lambda: len([frame for frame in second.frames if frame["type"] == "conversation:updated"]) > seen
        )
