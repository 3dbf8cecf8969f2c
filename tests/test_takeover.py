"""Several processes on one PostgreSQL: what one leaves behind, or hangs on to, another one goes on with."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from uuid import UUID

from tests.live.client import Reader, SocketClient, open_socket, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

StartCluster = Callable[..., list[LiveServer]]
TAKEN_OVER_S = 30


async def patiently(socket: SocketClient, reader: Reader) -> Reader:
    """The reader, when its generation has ended, however long its lease had to run out before."""
    async with asyncio.timeout(60), socket.news:
        await socket.news.wait_for(lambda: reader.end)
    return reader


async def gone_on(server: LiveServer, before: SocketClient, reader: Reader) -> tuple[SocketClient, float]:
    """A socket to another process that resumes; and after how many seconds it had anything new."""
    seen, began = len(reader.text), time.monotonic()
    socket = await open_socket(server, readers=before.readers)
    await socket.connection.send(json.dumps(reader.resume_frame()))
    async with asyncio.timeout(TAKEN_OVER_S), socket.news:
        await socket.news.wait_for(lambda: len(reader.text) > seen)
    return socket, time.monotonic() - began


def row(server: LiveServer, reader: Reader) -> tuple[str, int, int]:
    """Status, fence and number of takeovers."""
    sql = "SELECT status, fence, takeovers FROM chat_generation WHERE request_id = ?"
    [found] = server.query(sql, UUID(reader.request_id).hex)
    return found


def settled(server: LiveServer) -> bool:
    """Whether all that was reserved has been settled or released."""
    held = server.query("SELECT count(*) FROM accounts_reservation WHERE state = 'held'")
    return held == [(0,)] and server.query("SELECT sum(reserved) FROM accounts_usageday") == [(0,)]


async def test_a_killed_process_is_replaced_and_nothing_seen_is_lost(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    script = provider.script(tokens=300, rate=40)
    first, second = start_cluster(2, LEASE_S=9)
    socket = await open_socket(first)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 100)
    first.kill()
    socket.cut()
    socket, _seconds = await gone_on(second, socket, reader)
    await patiently(socket, reader)
    assert (reader.text, reader.status) == (script.text, "completed")
    assert row(second, reader) == ("completed", 2, 1)
    assert reader.start
    assert second.message_text(reader.start["message_id"]) == script.text
    assert settled(second)
    assert provider.requests[1].prefix
    await socket.close()


async def test_a_process_that_hung_writes_nothing_more_when_it_goes_on(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    script = provider.script(tokens=800, rate=20)
    first, second = start_cluster(2, LEASE_S=9)
    socket = await open_socket(first)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 100)
    provider.script(tokens=800, rate=300)  # of the second call
    first.signal(signal.SIGSTOP)
    try:
        resumed, _seconds = await gone_on(second, socket, reader)
    finally:
        first.signal(signal.SIGCONT)
    await provider.requests[0].aleft()
    await patiently(resumed, reader)
    assert (reader.text, reader.status) == (script.text, "completed")
    assert row(second, reader) == ("completed", 2, 1)
    assert settled(second)
    async with signed_in(first) as late:  # the first one follows what the second has written
        await late.send("ai:resume", request_id=reader.request_id, after=0)
        assert (await late.ended(late.reader(reader.request_id))).text == script.text
    await resumed.close()
    socket.cut()


async def test_what_a_drained_process_gives_up_goes_on_at_once(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    script = provider.script(tokens=300, rate=40)
    first, second = start_cluster(2, LEASE_S=9, DRAIN_S=0)
    socket = await open_socket(first)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 100)
    assert await asyncio.to_thread(first.terminate) == 0
    socket, seconds = await gone_on(second, socket, reader)
    await patiently(socket, reader)
    assert (reader.text, reader.status) == (script.text, "completed")
    assert seconds < TAKEN_OVER_S
    await socket.close()


async def test_without_the_journal_of_another_machine_it_goes_on_from_the_checkpoint(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    """The numbering begins anew, and so does the reader."""
    script = provider.script(tokens=400, rate=40)
    first, second = start_cluster(2, LEASE_S=9, DRAIN_S=0)
    socket = await open_socket(first)
    reader = await socket.generate()
    await socket.until(lambda: reader.start and first.message_text(reader.start["message_id"]))
    first.kill()
    socket.cut()
    for file in (first.data_dir / "journal").iterdir():
        file.unlink()
    socket, _seconds = await gone_on(second, socket, reader)
    await patiently(socket, reader)
    assert (reader.text, reader.status) == (script.text, "completed")
    assert reader.starts > 1
    await socket.close()


async def test_what_waited_in_a_killed_process_is_begun_by_another(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    script = provider.script(tokens=120, rate=40)
    first, second = start_cluster(2, LEASE_S=9, MAX_GENERATIONS=1)
    socket = await open_socket(first)
    running, waiting = await socket.generate("One"), await socket.generate("Two")
    await socket.frame("ai:queued", request_id=waiting.request_id)
    await socket.until(lambda: running.text)
    first.kill()
    socket.cut()
    socket = await open_socket(second, readers=socket.readers)
    for reader in (running, waiting):
        await socket.send("ai:resume", request_id=reader.request_id, after=reader.cursor)
        await patiently(socket, reader)
        assert (reader.text, reader.status) == (script.text, "completed")
    assert settled(second)
    await socket.close()


async def test_without_takeover_it_ends_as_interrupted(start_cluster: StartCluster, provider: ProviderServer) -> None:
    provider.script(tokens=10_000, rate=40)
    first, second = start_cluster(2, LEASE_S=9, TAKEOVER=0, DRAIN_S=0)
    socket = await open_socket(first)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 20)
    assert await asyncio.to_thread(first.terminate) == 0
    socket = await open_socket(second, readers=socket.readers)
    await socket.send("ai:resume", request_id=reader.request_id, after=reader.cursor)
    await patiently(socket, reader)
    assert reader.status == "interrupted"
    assert settled(second)
    assert len(provider.requests) == 1
    await socket.close()
