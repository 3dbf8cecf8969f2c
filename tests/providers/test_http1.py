"""Our own HTTP/1.1 to a provider: responses good and bad, taken as they come, and the connection behind them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from chat.providers import Delta
from chat.providers.body import MAX_UNREAD_BYTES, Body
from chat.providers.calling import HttpProvider
from chat.providers.http1 import MAX_HEAD_BYTES
from chat.providers.transport import BODY, Transport, transport_to
from tests.provider_server import ProviderServer

from .reading import finish, prompt, read, text

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


@contextlib.asynccontextmanager
async def serving(*said: bytes, closing: bool = False) -> AsyncIterator[Transport]:
    """A way to a server that answers each request of a connection with the next of these."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            for words in said:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(words)
                await writer.drain()
            if not closing:
                await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    transport = Transport(httpx2.URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        yield transport
    finally:
        await transport.aclose()
        server.close()


async def get(transport: Transport, **headers: str) -> httpx2.Response:
    async with asyncio.timeout(20):
        url = transport.url.copy_with(path="/")
        return await transport.handle_async_request(httpx2.Request("GET", url, headers=headers))


def kept(taken: list[Any], *more: object) -> bool:
    taken += more
    return True


@pytest.mark.parametrize(
    ("said", "closing"),
    [
        (WHOLE, False),
        (CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\ntrailer: x\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", True),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", True),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + WHOLE, False),
    ],
)
async def test_a_body_has_its_end_however_that_is_told(said: bytes, closing: bool) -> None:
    async with serving(said, closing=closing) as transport:
        response = await get(transport)
        assert (response.status_code, await response.aread()) == (200, b"hello")
        assert "link" not in response.headers


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_HEAD_BYTES + 1000),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200",
        b"",
    ],
    ids=range(7),
)
async def test_what_is_no_response_is_an_error(said: bytes) -> None:
    async with serving(said, closing=len(said) < MAX_HEAD_BYTES) as transport:
        with pytest.raises(httpx2.HTTPError):
            await get(transport)


@pytest.mark.parametrize("rest", [b"5\r\nhel", b"zz\r\nhello\r\n", b""])
async def test_a_body_that_breaks_is_an_error_behind_what_there_was(rest: bytes) -> None:
    async with serving(CHUNKED + b"5\r\nhello\r\n" + rest, closing=True) as transport:
        body: Body = (await get(transport)).extensions[BODY]
        taken: list[bytes] = []
        await body.hand_on(lambda piece: kept(taken, piece))
        assert b"".join(taken).startswith(b"hello")
        with pytest.raises(httpx2.HTTPError):
            await body.read()


async def test_a_connection_is_kept_for_the_next_request_and_no_longer_than_that() -> None:
    async with serving(WHOLE, WHOLE, closing=True) as transport:
        for _ in range(4):  # two on each connection
            response = await get(transport)
            await response.aread()
            await response.aclose()


async def test_who_lets_go_twice_does_not_end_the_next_response() -> None:
    async with serving(WHOLE, WHOLE) as transport:
        first = (await get(transport)).extensions[BODY]
        await first.read()
        await first.aclose()
        second = await get(transport)
        await first.aclose()
        assert await second.aread() == b"hello"


async def test_what_nobody_asked_for_ends_the_connection() -> None:
    async with serving(WHOLE + WHOLE, WHOLE) as transport:
        for _ in range(3):
            response = await get(transport)
            assert await response.aread() == b"hello"
            await response.aclose()


async def test_a_line_break_in_a_header_is_not_sent() -> None:
    async with serving(WHOLE) as transport:
        with pytest.raises(httpx2.LocalProtocolError):
            await get(transport, authorization="Bearer x\r\nhost: evil.example")


async def test_another_server_is_not_asked() -> None:
    async with serving(WHOLE) as transport:
        with pytest.raises(httpx2.UnsupportedProtocol):
            await transport.handle_async_request(httpx2.Request("GET", "http://evil.example/"))


async def test_a_body_that_nobody_reads_is_not_gathered_in_memory() -> None:
    size = 40 * MAX_UNREAD_BYTES
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    async with serving(whole) as transport:
        response = await get(transport)
        body: Body = response.extensions[BODY]
        first = await body.read()
        taken: list[bytes] = []
        for _ in range(3):  # it goes on where it was
            await body.hand_on(lambda piece: kept(taken, piece) and len(taken) % 3 != 0)
        seen = len(first) + sum(map(len, taken))
        while piece := await body.read():
            assert len(piece) <= 4 * MAX_UNREAD_BYTES
            seen += len(piece)
        assert seen == size


async def test_what_goes_wrong_while_taking_is_raised_and_the_rest_is_still_there() -> None:
    def fail(_: bytes) -> bool:
        raise ValueError("no")

    async with serving(WHOLE) as transport:
        body: Body = (await get(transport)).extensions[BODY]
        with pytest.raises(ValueError, match="no"):
            await body.hand_on(fail)
        assert await body.read() == b""


@pytest.mark.parametrize("how", [{}, {"packet_bytes": 3}, {"rate": 500}, {"keep_alive": False}], ids=str)
async def test_what_is_handed_on_is_what_is_read(
    provider: HttpProvider, provider_server: ProviderServer, how: dict[str, Any]
) -> None:
    provider_server.script(tokens=("Grüße", " aus ", "東京", " 😀"), **how)
    seen: list[Delta] = []
    async with provider.stream(prompt()) as stream:
        seen += await anext(stream)
        assert await stream.hand_on(lambda deltas: kept(seen, *deltas))
    assert seen[-1:] == (await read(provider))[-1:]
    assert (text(seen), finish(seen)) == ("Grüße aus 東京 😀", "stop")


async def test_whoever_takes_may_stop_and_go_on(provider: HttpProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=50, rate=1000)
    whole, seen, stops = text(await read(provider)), list[Delta](), 0
    async with provider.stream(prompt()) as stream:
        while not await stream.hand_on(lambda deltas: kept(seen, *deltas) and len(seen) % 2 == 0):
            stops += 1
    assert (text(seen), finish(seen)) == (whole, "stop")
    assert stops


def test_a_proxy_of_the_environment_is_gone_through_but_not_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert isinstance(transport_to("https://api.example/v1"), httpx2.AsyncHTTPTransport)
    assert isinstance(transport_to("https://inside.example/v1"), Transport)
    assert isinstance(transport_to("http://localhost:11434/v1"), Transport)
