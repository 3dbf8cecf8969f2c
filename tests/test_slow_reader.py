"""A client that asks and does not read: it costs little, is let go, and nobody else notices."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.live.client import open_socket
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

READERS = 8
MIB = 1024 * 1024


@pytest.mark.parametrize("frames_per_second", [50, 100_000], ids=["floods are limited", "they are not"])
async def test_clients_that_read_nothing_cost_under_a_mebibyte_and_are_let_go(
    start_server: Callable[..., LiveServer], provider: ProviderServer, frames_per_second: int
) -> None:
    """Each asks for the same answer again and again, so that what there is to send never fits the buffers."""
    provider.script(tokens=("x" * 8_000,) * 4)
    server = start_server(SEND_TIMEOUT_S=3, MAX_FRAMES_PER_SECOND=frames_per_second)
    socket = await open_socket(server)
    reader = await socket.ended(await socket.generate())
    before = resident(server.pid)
    silent = await asyncio.gather(*(greedy(server, reader.request_id) for _ in range(READERS)))
    assert resident(server.pid) - before < READERS * MIB
    provider.script(tokens=5)
    assert (await socket.ended(await socket.generate("Still there?"))).status == "completed"
    async with asyncio.timeout(15):
        while sum("socket closed" in line for line in server.output) < READERS:
            await asyncio.sleep(0.05)
    for transport in silent:
        transport.abort()
    await socket.close()


async def greedy(server: LiveServer, request_id: str) -> asyncio.Transport:
    """A socket that asks for more than the buffers on both sides hold (some 10 MB) and reads nothing of it."""
    url = server.url.replace("http", "ws") + "/ws/chat/"
    headers = {"Cookie": server.cookies("alice"), "Origin": server.url}
    connection = await connect(url, additional_headers=headers, max_size=None, compression=None, ping_interval=None)
    transport: asyncio.Transport = connection.transport
    transport.pause_reading()
    for _ in range(400):
        await connection.send(json.dumps({"type": "ai:resume", "request_id": request_id, "after": 0, "epoch": 1}))
        await asyncio.sleep(0.001)
    return transport


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096
