"""The line that is cut and stalls."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from .relay import Relay


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A line to somebody who says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    relay = Relay(server.sockets[0].getsockname()[1])
    await relay.start()
    yield relay
    await relay.stop()
    server.close()


async def said_back(reader: asyncio.StreamReader, within_s: float = 10) -> bytes:
    async with asyncio.timeout(within_s):
        return await reader.read(100)


async def test_passes_on(relay: Relay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(b"hello")
    assert await said_back(reader) == b"hello"
    writer.close()


async def test_a_cut_resets(relay: Relay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(b"hello")
    await said_back(reader)
    relay.cut()
    with pytest.raises(ConnectionResetError):
        await said_back(reader)
    writer.close()


async def test_a_stall_holds_back_and_loses_nothing(relay: Relay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    relay.stall()
    writer.write(b"hello")
    with pytest.raises(TimeoutError):
        await said_back(reader, within_s=0.1)
    relay.go_on()
    assert await said_back(reader) == b"hello"
    writer.close()
