"""Between storing a message and running it: who leaves there, and who comes there."""

import asyncio
import json
import random
from collections.abc import Callable

from tests.live.client import new_id, open_socket
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

ROUNDS = 40
SEED = 3


async def test_who_asks_and_is_gone_at_once_is_answered(serving: LiveServer, provider: ProviderServer) -> None:
    chance = random.Random(SEED)
    script = provider.script(tokens=3)
    asked = [new_id() for _ in range(ROUNDS)]
    for request_id in asked:
        socket = await open_socket(serving)
        await socket.generate(request_id, request_id=request_id)
        await asyncio.sleep(chance.uniform(0, 0.01))
        socket.cut()
    socket = await open_socket(serving)
    for request_id in asked:
        reader = await socket.ended(await socket.generate(request_id, request_id=request_id))
        assert (reader.text, reader.status) == (script.text, "completed")
    await socket.close()
    assert len(provider.requests) == ROUNDS


async def test_who_comes_before_it_runs_sees_it_run(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    """A second tab asks for an answer from before it can exist; what it is shown is never half of the truth."""
    script = provider.script(tokens=3)
    server = start_server(MAX_FRAMES_PER_SECOND=100_000)
    asking, looking = await open_socket(server), await open_socket(server)
    for _ in range(ROUNDS):
        request_id = new_id()
        await asking.generate(request_id=request_id)
        reader = looking.reader(request_id)
        while not reader.start:
            seen = len(looking.frames)
            await looking.connection.send(json.dumps(reader.resume_frame()))
            await looking.until(lambda seen=seen: len(looking.frames) > seen)
        await looking.ended(reader)
        assert (reader.text, reader.status) == (script.text, "completed")
    await asking.close()
    await looking.close()
