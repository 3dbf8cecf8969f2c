"""One timer for all sockets: each is looked after when it is to be, and not any more once it is forgotten."""

import asyncio

from config import heartbeats
from config.heartbeats import Heartbeats


class Socket:
    """Counts its beats; expects another one until it has had enough."""

    def __init__(self, times: int = 1) -> None:
        self.times = times
        self.beats = 0

    def beat(self) -> None:
        self.beats += 1
        if self.beats < self.times:
            Heartbeats.of(asyncio.get_running_loop()).expect(self, 0)


async def until_beaten(*sockets: Socket) -> None:
    async with asyncio.timeout(30):
        while any(socket.beats < socket.times for socket in sockets):
            await asyncio.sleep(0.02)


async def test_each_beats_when_it_expects_to_and_only_once() -> None:
    beating = Heartbeats.of(asyncio.get_running_loop())
    soon, late = Socket(), Socket()
    beating.expect(soon, 0)
    beating.expect(late, 3600)
    await until_beaten(soon)
    await asyncio.sleep(0)
    assert (soon.beats, late.beats) == (1, 0)


async def test_one_that_is_forgotten_does_not_beat() -> None:
    beating = Heartbeats.of(asyncio.get_running_loop())
    gone, there = Socket(), Socket()
    beating.forget(gone, beating.expect(gone, 0))
    beating.expect(there, 0)
    await until_beaten(there)
    assert gone.beats == 0


async def test_thousands_beat_and_go_on_beating() -> None:
    beating = Heartbeats.of(asyncio.get_running_loop())
    sockets = [Socket(times=2) for _ in range(heartbeats.AT_ONCE * 20)]
    for socket in sockets:
        beating.expect(socket, 0)
    await until_beaten(*sockets)
    assert {socket.beats for socket in sockets} == {2}


async def test_without_sockets_there_is_no_timer() -> None:
    beating = Heartbeats(asyncio.get_running_loop())
    socket = Socket()
    beating.expect(socket, 0)
    await until_beaten(socket)
    assert beating.idle
