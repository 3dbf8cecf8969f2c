"""What is true of every answer, however it ended."""

import asyncio
import itertools
from typing import Any
from uuid import UUID

from tests.live.client import Frame, Reader, SocketClient
from tests.live.server import LiveServer
from tests.provider_server.recording import Recording

MAX_OUTPUT = 200
BUDGET = 1000

# What a provider may say instead of an answer; each has a model of its own, so that all are asked at once.
REFUSALS = {
    401: ("upstream_auth", False),
    402: ("upstream_auth", False),
    404: ("model_unavailable", False),
    429: ("upstream_rate_limited", True),
    500: ("upstream_failed", True),
    503: ("upstream_overloaded", True),
    529: ("upstream_overloaded", True),
}


def chain(server: LiveServer, *names: str) -> None:
    """Make each model fall back to the one after it."""
    fallback = "UPDATE chat_languagemodel SET fallback_id = (SELECT id FROM chat_languagemodel WHERE name = ?)"
    for name, following in itertools.pairwise(names):
        server.execute(f"{fallback} WHERE name = ?", following, name)


async def answered(server: LiveServer, socket: SocketClient, **fields: Any) -> Reader:
    """Ask, wait for the end, and check what is true of every end."""
    return await accounted_for(server, socket, await socket.ended(await socket.generate("Tell me", **fields)))


async def accounted_for(server: LiveServer, socket: SocketClient, reader: Reader) -> Reader:
    """One end, the text that was seen, a reservation that has ended once."""
    await socket.send("ping", id=reader.request_id)
    await socket.frame("pong", id=reader.request_id)
    frames = [frame for frame in socket.frames if frame.get("request_id") == reader.request_id and "seq" in frame]
    assert [frame["type"] for frame in frames if frame["type"] in {"ai:done", "ai:error"}] == [frames[-1]["type"]]
    assert reader.gaps == 0
    assert reader.start
    assert server.message_text(reader.start["message_id"]) == reader.text
    [(status, model, state, amount, settled)] = server.query(
        "SELECT status, g.model, state, amount, settled_amount FROM chat_generation g"
        " JOIN accounts_reservation r ON r.generation_id = g.id WHERE request_id = ?",
        UUID(reader.request_id).hex,
    )
    assert status == ("failed" if frames[-1]["type"] == "ai:error" else reader.status)
    assert model == reader.start["model"]
    assert state in {"settled", "released"}
    assert settled <= amount
    assert (state == "settled") == (settled > 0)
    assert not reader.text or settled > 0
    return reader


def accounts(server: LiveServer, name: str) -> tuple[int, int, int]:
    """What somebody has used and reserved by the ledger, and used by the sum of what was settled."""
    user = UUID(server.people[name]["id"]).hex
    [(used, reserved)] = server.query("SELECT sum(used), sum(reserved) FROM accounts_usageday WHERE user_id = ?", user)
    [(settled,)] = server.query("SELECT sum(settled_amount) FROM accounts_reservation WHERE user_id = ?", user)
    return used, reserved, settled


async def over(recording: Recording) -> None:
    """Wait until the provider is rid of the call. Raises TimeoutError."""
    await asyncio.to_thread(recording._wait, lambda: recording.ended_at or recording.left_at, 30)


def end(reader: Reader) -> Frame:
    assert reader.end
    return reader.end
