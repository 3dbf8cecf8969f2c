"""Frames and handshakes that are none."""

import contextlib
import uuid

import pytest
import websockets

from tests.live.client import open_socket, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

MALFORMED = [
    ("nonsense", None),
    ("[]", "type"),
    ("{}", "type"),
    ('{"type": "ai:unknown"}', "type"),
    ('{"type": "ai:generate", "request_id": "7d4", "prompt": "x"}', "request_id"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": 5}', "prompt"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "  "}', "prompt"),
    ('{"type": "ai:generate", "request_id": "ID"}', "prompt"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "x", "conversation_id": "y"}', "conversation_id"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "x", "temperature": 1}', "temperature"),
    ('{"type": "ai:generate", "request_id": "ID", "prompt": "a\\u0000b"}', "prompt"),
    ('{"type": "ai:resume", "request_id": "ID", "after": "1"}', "after"),
    ('{"type": "ai:resume", "request_id": "ID", "after": -1}', "after"),
    ('{"type": "ai:resume", "request_id": "ID", "after": 1.0}', "after"),
    ('{"type": "conversation:open", "conversation_id": null}', "conversation_id"),
]


async def test_a_malformed_frame_is_refused_by_field_and_stores_nothing(
    server: LiveServer, provider: ProviderServer
) -> None:
    before = server.query("SELECT count(*) FROM chat_message")
    async with signed_in(server) as socket:
        for text, field in MALFORMED:
            socket.frames.clear()
            await socket.connection.send(text.replace("ID", str(uuid.uuid4())))
            error = await socket.frame("ai:error")
            assert error["code"] == "bad_request", text
            assert error.get("field") == field, text
            await socket.send("ping", id="still here")
            await socket.frame("pong", id="still here")
    assert server.query("SELECT count(*) FROM chat_message") == before
    assert not provider.requests


async def test_twenty_bad_frames_in_a_row_close_the_socket(server: LiveServer) -> None:
    async with signed_in(server) as socket:
        for _ in range(20):
            await socket.connection.send("bad")
        assert await socket.closed() == 4400
        assert len([frame for frame in socket.frames if frame["type"] == "ai:error"]) == 20


async def test_a_frame_over_the_limit_closes_with_1009(serving: LiveServer) -> None:
    async with signed_in(serving) as socket:
        with contextlib.suppress(websockets.ConnectionClosed):  # the server need not read all of it before it closes
            await socket.connection.send("x" * (1024 * 1024 + 1))
        assert await socket.closed() == 1009


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Cookie": "sessionid=wrong"},
    ],
    ids=["foreign origin", "no real origin", "malformed origin", "no session"],
)
async def test_the_handshake_is_refused(server: LiveServer, headers: dict[str, str]) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await open_socket(server, headers=headers)
    # Daphne has a word of its own for an Origin that is no URL.
    assert refused.value.response.status_code in {403, 400 if headers.get("Origin") == "http://[::1" else 403}
