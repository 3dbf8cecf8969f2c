"""What nobody tells a runner it finds out by itself: that nobody watches any more, that somebody wants it to stop."""

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from tests.live.client import SocketClient, open_socket, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[ProviderServer]:
    """One of this file's own: other tests' servers ask the other one, whenever they like."""
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="module")
def impatient(server_of: Callable[..., LiveServer], shared_provider: ProviderServer) -> Iterator[LiveServer]:
    """A server that lets a generation run for a second without anybody who watches."""
    with server_of(shared_provider, ORPHAN_GRACE_S=1, MAX_GENERATIONS=2) as server:
        yield server


def state(server: LiveServer, request_id: str) -> tuple[str, str, str]:
    """Status, finish reason, and what became of the reservation."""
    [row] = server.query(
        "SELECT status, finish_reason, state FROM chat_generation g"
        " JOIN accounts_reservation r ON r.generation_id = g.id WHERE request_id = ?",
        UUID(request_id).hex,
    )
    return row


async def begun(socket: SocketClient) -> str:
    """Ask and read a few words; the request's id."""
    reader = await socket.generate("Tell me")
    await socket.until(lambda: len(reader.text) > 20)
    return reader.request_id


async def test_an_answer_that_nobody_watches_is_stopped(impatient: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=100_000, rate=50)
    async with signed_in(impatient) as socket:
        request_id = await begun(socket)
    await provider.requests[0].aleft(10)
    async with signed_in(impatient) as socket:
        await socket.send("ai:resume", request_id=request_id, after=0)
        reader = await socket.ended(socket.reader(request_id))
    assert state(impatient, request_id) == ("cancelled", "orphaned", "settled")
    assert (reader.status, reader.end and reader.end["finish_reason"]) == ("cancelled", "orphaned")
    assert reader.start
    assert reader.text
    assert provider.requests[0].text.startswith(reader.text)
    assert impatient.message_text(reader.start["message_id"]) == reader.text


async def test_a_connection_that_is_cut_counts_as_gone(impatient: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=100_000, rate=50)
    socket = await open_socket(impatient)
    await begun(socket)
    socket.cut()
    await provider.requests[0].aleft(10)


async def test_who_comes_back_in_time_keeps_it_alive(impatient: LiveServer, provider: ProviderServer) -> None:
    """Its owner's sockets come and go, none for as long as a second between two of them."""
    script = provider.script(tokens=200, rate=50)
    socket = await open_socket(impatient)
    request_id = await begun(socket)
    readers = socket.readers
    for _ in range(3):
        await socket.close()
        socket = await open_socket(impatient, readers=readers)
        await socket.send("ai:resume", request_id=request_id, after=0)
        seen = len(readers[request_id].text)
        await socket.until(lambda: len(readers[request_id].text) > seen + 150 or readers[request_id].end)  # noqa: B023
    reader = await socket.ended(readers[request_id])
    await socket.close()
    assert (reader.status, reader.text) == ("completed", script.text)


async def test_a_second_viewer_is_enough(impatient: LiveServer, provider: ProviderServer) -> None:
    script = provider.script(tokens=200, rate=50)
    async with signed_in(impatient) as second:
        async with signed_in(impatient) as first:
            request_id = await begun(first)
            await second.send("ai:resume", request_id=request_id, after=0)
            await second.until(lambda: second.reader(request_id).text)
        reader = await second.ended(second.reader(request_id))
    assert (reader.status, reader.text) == ("completed", script.text)


async def test_one_that_waits_and_nobody_watches_is_never_begun(
    impatient: LiveServer, provider: ProviderServer
) -> None:
    provider.script(tokens=100_000, rate=50)
    async with signed_in(impatient) as socket:
        running = [await begun(socket) for _ in range(2)]
        async with signed_in(impatient) as other:
            waiting = (await other.generate("Later")).request_id
            await other.frame("ai:queued", request_id=waiting)
        async with asyncio.timeout(10):
            while state(impatient, waiting)[0] == "queued":
                await asyncio.sleep(0.05)
        assert state(impatient, waiting) == ("cancelled", "orphaned", "released")
        for request_id in running:
            await socket.send("ai:cancel", request_id=request_id)
            await socket.ended(socket.reader(request_id))
    assert len(provider.requests) == 2


async def test_without_a_grace_period_it_runs_on_for_ever(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    """The answer takes longer than two rounds of the pulse, which ends orphans."""
    script = provider.script(tokens=250, rate=50)
    server = start_server(ORPHAN_GRACE_S=0)
    async with signed_in(server) as socket:
        request_id = await begun(socket)
    async with asyncio.timeout(15):
        while state(server, request_id)[0] == "running":
            await asyncio.sleep(0.05)
    assert state(server, request_id) == ("completed", "stop", "settled")
    async with signed_in(server) as socket:
        await socket.send("ai:resume", request_id=request_id, after=0)
        assert (await socket.ended(socket.reader(request_id))).text == script.text


async def test_a_stop_that_only_the_database_heard_of_is_obeyed(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    """Asked of another process, or of this one before it died: for an answer that runs and for one that waits."""
    provider.script(tokens=100_000, rate=50)
    server = start_server(MAX_GENERATIONS=1)
    socket = await open_socket(server)
    running = await begun(socket)
    waiting = (await socket.generate("Later")).request_id
    await socket.frame("ai:queued", request_id=waiting)
    server.execute("UPDATE chat_generation SET cancel_requested_at = '2026-11-20 12:00:00'")
    for request_id in (running, waiting):
        reader = await socket.ended(socket.reader(request_id))
        assert reader.status == "cancelled"
    await socket.close()
    await provider.requests[0].aleft()
    assert len(provider.requests) == 1
    assert state(server, running) == ("cancelled", "cancelled", "settled")
    assert state(server, waiting) == ("cancelled", "cancelled", "released")
