"""Reading an answer as a browser does whose socket cannot be opened."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from .client import Reader
from .server import LiveServer


def browser(server: LiveServer, name: str = "alice", **headers: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(server.url, headers={"Cookie": server.cookies(name), **headers})


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str]]:
    """(id, data) of each event."""
    name = ""
    async for line in response.content:
        field, _, value = line.decode().rstrip("\r\n").partition(": ")
        if field == "id":
            name = value
        elif field == "data":
            yield name, value
            name = ""


async def read(response: aiohttp.ClientResponse) -> tuple[Reader, list[dict[str, Any]]]:
    """Everything up to the end, applied as a client does."""
    reader = Reader("")
    frames: list[dict[str, Any]] = []
    async for name, data in events(response):
        if data == "[DONE]":
            return reader, frames
        frame = json.loads(data)
        frames.append(frame)
        if "seq" in frame:
            assert name == f"{frame['request_id']}:{frame['seq']}"
            assert reader.apply(frame)
    raise AssertionError("the stream ended without [DONE]")
