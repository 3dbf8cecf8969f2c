"""Several processes on one PostgreSQL without Redis: coarser than one, but all of it holds."""

import asyncio
import subprocess
import sys
from collections.abc import Callable

from tests.live.client import TIMEOUT_S, new_id, open_socket, signed_in
from tests.live.server import ROOT, LiveServer
from tests.postgres import PostgresServer
from tests.provider_server.server import ProviderServer

StartCluster = Callable[..., list[LiveServer]]


async def test_an_answer_is_seen_stopped_and_followed_from_another_process(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=40)
    first, second = start_cluster(2, ORPHAN_GRACE_S=6)  # others say that they watch every 2 s
    async with signed_in(second) as there:
        async with signed_in(first) as here:
            one = await here.generate("One")
            await here.until(lambda: len(one.text) > 50)
            assert one.start
            conversation = one.start["conversation_id"]
            await there.send("conversation:open", conversation_id=conversation)
            seen = there.reader(one.request_id)
            await there.until(lambda: seen.text)
            assert provider.requests[0].text.startswith(seen.text)
            await here.generate("Nobody's")  # in a conversation that is watched here only
            await here.until(lambda: len(provider.requests) == 2)
        # Nobody watches at the writer: of the two it stops the one that nobody watches elsewhere either.
        await provider.requests[1].aleft(TIMEOUT_S)
        longer = len(seen.text) + 100
        await there.until(lambda: len(seen.text) > longer)
        assert not seen.end
        two = await there.generate("Two", conversation_id=conversation, request_id=new_id())
        queued = await there.frame("ai:queued", request_id=two.request_id)
        assert queued["position"] == 0
        provider.script(tokens=20)
        began = asyncio.get_running_loop().time()
        await there.send("ai:cancel", request_id=one.request_id)
        await provider.requests[0].aleft()
        assert asyncio.get_running_loop().time() - began < 5
        await there.ended(seen)
        assert seen.status == "cancelled"
        assert second.message_text(one.start["message_id"]) == seen.text
        await there.ended(two)
        assert two.status == "completed"
        asked = provider.requests[2].body["messages"]
        assert [message["content"] for message in asked if message["role"] == "assistant"] == [seen.text]


async def test_what_begins_elsewhere_in_a_watched_conversation_is_shown(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    script = provider.script(tokens=150, rate=40)
    first, second = start_cluster(2)
    async with signed_in(first) as here, signed_in(second) as there:
        one = await here.generate("One")
        await here.ended(one)
        assert one.start
        await there.send("conversation:open", conversation_id=one.start["conversation_id"])
        two = await here.generate("Two", conversation_id=one.start["conversation_id"])
        await there.until(lambda: two.request_id in there.readers and there.reader(two.request_id).end)
        assert there.reader(two.request_id).text == script.text


async def test_backends_that_are_terminated_cost_nothing(
    start_cluster: StartCluster, provider: ProviderServer, postgres: PostgresServer
) -> None:
    script = provider.script(tokens=200, rate=40)
    [server] = start_cluster(1)
    socket = await open_socket(server)
    readers = [await socket.generate("One")]
    for number in range(4):
        await socket.until(lambda: readers[0].text)
        postgres.terminate_backends(server.database_url)
        readers.append(await socket.generate(f"Another {number}"))
        await asyncio.sleep(0.3)
    for reader in readers:
        await socket.ended(reader)
        assert (reader.text, reader.status) == (script.text, "completed")
    assert server.query("SELECT count(*) FROM chat_generation") == [(5,)]
    assert server.query("SELECT state FROM accounts_reservation") == [("settled",)] * 5
    await socket.close()


def test_the_doctor_knows_postgresql(start_cluster: StartCluster) -> None:
    [server] = start_cluster(1)
    report = doctor(server)
    assert "✓ The database is PostgreSQL" in report
    assert "Without REDIS_URL several processes work together" in report
    assert "✗ The database cannot be used: conn" in doctor(server, "postgresql://parley@/x?host=/nowhere")
    wrong = server.database_url.replace("parley@", "stranger:hunter2@")
    report = doctor(server, wrong)
    assert 'role "stranger" does not exist' in report
    assert "hunter2" not in report


def doctor(server: LiveServer, database_url: str = "") -> str:
    environment = server.environment() | ({"DATABASE_URL": database_url} if database_url else {})
    command = [sys.executable, "manage.py", "doctor"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stdout
