"""What is said to a socket while it connects is not lost, and comes after its first frame."""

import asyncio
from collections.abc import Callable

from tests.live.client import open_socket, signed_in
from tests.live.forms import submit
from tests.live.server import LiveServer
from tests.postgres import connected, execute

BUDGETS = "accounts_tokenbudget"
WAIT = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
TIMEOUT_S = 30


async def test_what_happens_while_a_socket_looks_at_the_budget_is_told_to_it(
    start_cluster: Callable[..., list[LiveServer]],
) -> None:
    [server] = start_cluster(1)
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate("One"))
    assert reader.start
    conversation = reader.start["conversation_id"]
    with connected(server.database_url) as database, database.transaction():
        database.execute(f"LOCK TABLE {BUDGETS}".encode())
        connecting = asyncio.create_task(open_socket(server))
        async with asyncio.timeout(TIMEOUT_S):
            while execute(server.database_url, WAIT, BUDGETS) == [(0,)]:
                await asyncio.sleep(0.05)
        assert await submit(server, "alice", f"/conversations/{conversation}/title/", title="New") == 204
    socket = await connecting
    await socket.frame("conversation:updated", conversation_id=conversation, change="renamed")
    assert socket.frames[0]["type"] == "session"
    await socket.close()
