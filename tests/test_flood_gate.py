"""Floods: too many sockets of one person, too many frames of one socket."""

import asyncio
from collections.abc import Callable

import pytest

from tests.live.client import new_id, open_socket, signed_in
from tests.live.server import LiveServer


@pytest.fixture
def server(start_server: Callable[..., LiveServer]) -> LiveServer:
    return start_server(MAX_SOCKETS_PER_USER=2, MAX_FRAMES_PER_SECOND=5)


async def test_a_socket_too_many_is_closed_with_4429_and_a_reason(server: LiveServer) -> None:
    async with signed_in(server), signed_in(server), signed_in(server, "bob"):
        third = await open_socket(server)
        error = await third.frame("ai:error")
        assert error["code"] == "rate_limited"
        assert error["retry_after_s"] > 0
        assert await third.closed() == 4429
    async with signed_in(server) as again:
        await again.frame("session")


async def test_frames_too_many_are_refused_one_by_one_then_the_socket_is_closed(server: LiveServer) -> None:
    async with signed_in(server) as socket, signed_in(server, "bob") as other:
        for number in range(20):
            await socket.send("ping", id=number)
        request_id = new_id()
        await socket.send("ai:cancel", request_id=request_id)
        error = await socket.frame("ai:error", request_id=request_id)
        assert error["code"] == "rate_limited"
        assert 0 < error["retry_after_s"] <= 4
        await other.send("ping", id="quiet")
        await other.frame("pong", id="quiet")
        for number in range(20):
            await socket.send("ping", id=number)
        assert await socket.closed() == 4429
        assert len([frame for frame in socket.frames if frame["type"] == "pong"]) == 20


async def test_who_waits_may_go_on(server: LiveServer) -> None:
    async with signed_in(server) as socket:
        for number in range(21):
            await socket.send("ping", id=number)
        error = await socket.frame("ai:error")
        await asyncio.sleep(error["retry_after_s"])
        await socket.send("ping", id="later")
        await socket.frame("pong", id="later")
