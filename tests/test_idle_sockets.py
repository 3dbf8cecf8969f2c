"""A socket that says nothing costs little: there are thousands of them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.live.raw import RawSocket
from tests.live.server import LiveServer

WARM_UP, SOCKETS = 100, 600
AT_MOST_BYTES = 25_000  # of the process's growth, with what its allocator leaves between; the design's bound is 20 KB


async def test_an_idle_socket_costs_little(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(MAX_SOCKETS_PER_USER=WARM_UP + SOCKETS)
    sockets = await opened(server, WARM_UP)
    before = resident(server.pid)
    sockets += await opened(server, SOCKETS)
    assert (resident(server.pid) - before) / SOCKETS < AT_MOST_BYTES
    for socket in sockets:
        socket.cut()


async def opened(server: LiveServer, count: int) -> list[RawSocket]:
    """So many, each of which has been greeted."""
    sockets: list[RawSocket] = []
    while len(sockets) < count:
        sockets += await asyncio.gather(*(RawSocket.open(server) for _ in range(20)))
    for socket in sockets:
        await socket.receive()
    return sockets


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
