"""kill -9 at any moment: nobody loses or doubles a character of what they have seen."""

import asyncio
import json
import random
from collections.abc import Callable

import pytest

from tests.live.client import new_id, open_socket
from tests.live.resuming import resumed
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer
from tests.settings import MODE

KILLS = 50 if MODE == "sqlite" else 3  # elsewhere a lease must run out each time before anybody goes on
REPLAY = 0  # the epoch of an answer that the database had whole before the kill
SEED = 20261121


async def test_kills_at_random_moments(start_server: Callable[..., LiveServer], provider: ProviderServer) -> None:
    """Each kill hits a few answers at different stages; they go on from where each viewer is."""
    chance = random.Random(SEED)
    script = provider.script(tokens=120, rate=400)
    server = start_server()
    for _ in range(KILLS):
        socket = await open_socket(server)
        readers = [await socket.generate(f"Question {number}") for number in range(3)]
        await asyncio.sleep(chance.uniform(0, 0.4))
        server.kill()
        socket.cut()
        held = {reader.request_id: (reader.text, reader.cursor, reader.epoch) for reader in readers}
        server.start()
        socket = await resumed(server, socket, readers)
        for reader in readers:
            await socket.ended(reader)
            text, cursor, epoch = held[reader.request_id]
            assert reader.text == script.text
            assert reader.text.startswith(text)
            assert reader.status == "completed"
            assert reader.start
            assert server.message_text(reader.start["message_id"]) == script.text
            if cursor and reader.epoch != REPLAY:
                assert (reader.starts, reader.gaps, reader.epoch) == (1, 0, epoch)
        await socket.close()
    assert not list((server.data_dir / "journal").iterdir())


async def test_a_viewer_from_the_beginning_sees_the_same_after_a_kill(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    script = provider.script(tokens=100, rate=100)
    server = start_server()
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 50)
    server.kill()
    server.start()
    late = await open_socket(server)
    await late.send("ai:resume", request_id=reader.request_id, after=0)
    assert (await late.ended(late.reader(reader.request_id))).text == script.text
    await late.close()
    assert len(provider.requests) == 2
    assert provider.requests[1].prefix.startswith(reader.text)


async def test_an_answer_is_taken_over_once(start_server: Callable[..., LiveServer], provider: ProviderServer) -> None:
    provider.script(tokens=10_000, rate=50)
    server = start_server()
    socket = await open_socket(server)
    reader = await socket.generate()
    for _ in range(2):
        length = len(reader.text)
        await socket.until(lambda at_least=length: len(reader.text) > at_least)
        server.kill()
        socket.cut()
        server.start()
        socket = await resumed(server, socket, [reader])
    await socket.ended(reader)
    assert reader.end
    assert (reader.status, reader.end["finish_reason"]) == ("interrupted", "shutdown")
    assert reader.start
    assert server.message_text(reader.start["message_id"]) == reader.text
    await socket.close()
    assert len(provider.requests) == 2


async def test_without_takeover_an_answer_ends_as_interrupted(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=50)
    server = start_server(TAKEOVER=0)
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 20)
    server.kill()
    server.start()
    socket = await resumed(server, socket, [reader])
    await socket.ended(reader)
    assert reader.status == "interrupted"
    await socket.close()
    assert len(provider.requests) == 1


async def test_a_lost_journal_costs_only_what_came_after_the_checkpoint(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    """The numbering begins anew, and so does the reader: never a guess."""
    script = provider.script(tokens=300, rate=60)
    server = start_server()
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: reader.start and server.message_text(reader.start["message_id"]))
    server.kill()
    socket.cut()
    for file in (server.data_dir / "journal").iterdir():
        file.unlink()
    server.start()
    socket = await resumed(server, socket, [reader])
    await socket.ended(reader)
    assert reader.text == script.text
    assert (reader.starts, reader.epoch) == (2, 2)
    await socket.close()


@pytest.mark.parametrize("reach", ["queued", "cancelled"])
async def test_what_waited_or_was_cancelled_when_the_process_died(
    start_server: Callable[..., LiveServer], provider: ProviderServer, reach: str
) -> None:
    provider.script(tokens=30, rate=50)
    server = start_server()
    socket = await open_socket(server)
    first = await socket.generate("First")
    await socket.until(lambda: first.text)
    assert first.start
    second = await socket.generate("Second", conversation_id=first.start["conversation_id"], request_id=new_id())
    await socket.frame("ai:queued", request_id=second.request_id)
    if reach == "cancelled":
        await socket.send("ai:cancel", request_id=second.request_id)
        await socket.ended(second)
    server.kill()
    socket.cut()
    server.start()
    socket = await open_socket(server, readers=socket.readers)
    await socket.connection.send(json.dumps(first.resume_frame()))
    await socket.connection.send(json.dumps(second.resume_frame()))
    await socket.ended(first)
    await socket.ended(second)
    assert second.status == ("completed" if reach == "queued" else "cancelled")
    await socket.close()
