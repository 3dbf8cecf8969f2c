"""HTTP by hand: who says half a sentence, or a sentence without end, is let go and costs little."""

import asyncio
from collections.abc import Callable

import pytest

from tests.live.client import signed_in
from tests.live.server import LiveServer

TIMEOUT_S = 20


async def said(server: LiveServer, *pieces: bytes, every_s: float = 0.0) -> bytes:
    """All that the server answers to these bytes until it closes the connection; nothing if it just goes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    answer = b""
    async with asyncio.timeout(TIMEOUT_S):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every_s)
            answer = await reader.read()
        except ConnectionError:
            pass
    writer.transport.abort()
    return answer


@pytest.mark.parametrize(
    "half",
    [b"", b"GET ", b"GET / HTTP/1.1\r\nHost: a\r\n", b"\r\n\r\n",
     b"POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
     b"GET /ws/chat/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"],
)  # fmt: skip
async def test_who_says_half_a_request_is_let_go(start_server: Callable[..., LiveServer], half: bytes) -> None:
    server = start_server(REQUEST_TIMEOUT_S=1)
    await said(server, half)


async def test_dripping_does_not_make_a_head_last(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(REQUEST_TIMEOUT_S=1)
    await said(server, b"GET / HTTP/1.1\r\n", *(b"a: b\r\n" for _ in range(10_000)), every_s=0.05)


async def test_dripping_does_not_make_a_body_last(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(REQUEST_TIMEOUT_S=1)
    head = b"POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
    await said(server, head, *(b"x" for _ in range(10_000)), every_s=0.05)


async def test_an_answer_may_take_longer_than_a_request(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(REQUEST_TIMEOUT_S=1)
    async with signed_in(server) as socket:
        await asyncio.sleep(2)
        await socket.send("ping", id="on")
        await socket.frame("pong", id="on")


@pytest.mark.parametrize(
    "start",
    [b"GET /", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9_000,
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: "],
    ids=["an address", "a header", "many headers", "a trailer"],
)  # fmt: skip
async def test_a_head_without_end_is_cut_off(serving: LiveServer, start: bytes) -> None:
    answer = await said(serving, start, *[b"x" * 65_536] * 8)
    assert not answer.startswith(b"HTTP/1.1 200")
    async with signed_in(serving) as socket:
        await socket.frame("session")


async def test_a_head_is_too_large_however_it_arrives(serving: LiveServer) -> None:
    """In one read as in many; what comes behind it is no request of its own."""
    host = f"Host: 127.0.0.1:{serving.port}\r\n".encode()
    large = b"GET /healthz HTTP/1.1\r\n" + host + b"a: " + b"x" * 100_000 + b"\r\n\r\n"
    fitting = b"GET /healthz HTTP/1.1\r\n" + host + b"a: " + b"x" * 40_000 + b"\r\nConnection: close\r\n\r\n"
    for pieces in ([large], [large[start : start + 5_000] for start in range(0, len(large), 5_000)]):
        assert b" 200 " not in await said(serving, *pieces, fitting)
    assert (await said(serving, fitting)).startswith(b"HTTP/1.1 200 ")


async def test_five_hundred_half_open_connections_hinder_nobody_and_go(start_server: Callable[..., LiveServer]) -> None:
    server = start_server(REQUEST_TIMEOUT_S=2)
    halves = [asyncio.create_task(said(server, b"GET / HTTP/1.1\r\nHost:")) for _ in range(500)]
    async with signed_in(server) as socket:
        await socket.send("ping", id="on")
        await socket.frame("pong", id="on")
    await asyncio.gather(*halves)
