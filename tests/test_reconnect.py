"""A connection that keeps breaking changes nothing of the answer, over either transport."""

import functools
import json
import random

import aiohttp

from tests.live.client import new_id, open_socket
from tests.live.events import events
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

CUTS = 50
TOKENS = 2_000
SEED = 7


async def test_a_socket_cut_fifty_times_in_one_answer(serving: LiveServer, provider: ProviderServer) -> None:
    chance = random.Random(SEED)
    script = provider.script(tokens=TOKENS, rate=400)
    socket = await open_socket(serving)
    reader = await socket.generate("A long one")
    for _ in range(CUTS):
        length = len(reader.text) + chance.randrange(1, 300)
        await socket.until(lambda at_least=length: len(reader.text) >= at_least or reader.end)
        assert script.text.startswith(reader.text)
        assert not reader.end
        socket.cut()
        socket = await open_socket(serving, readers=socket.readers)
        await socket.connection.send(json.dumps(reader.resume_frame()))
    await socket.ended(reader)
    await socket.close()
    assert reader.text == script.text
    assert (reader.starts, reader.gaps, reader.duplicates) == (1, 0, 0)
    assert len(provider.requests) == 1


async def test_an_event_stream_cut_fifty_times_in_one_answer(serving: LiveServer, provider: ProviderServer) -> None:
    chance = random.Random(SEED)
    script = provider.script(tokens=TOKENS, rate=400)
    request_id, text, last_id, done = new_id(), "", "", False
    headers = {"Cookie": serving.cookies("alice"), "Origin": serving.url}
    async with aiohttp.ClientSession(headers=headers) as session:
        body = {"request_id": request_id, "prompt": "A long one"}
        call = functools.partial(session.post, f"{serving.url}/api/chat", json=body)
        for cuts in range(CUTS + 1):
            cut_at = len(text) + chance.randrange(1, 300)
            async with call() as response:
                assert response.status == 200
                async for name, data in events(response):
                    assert not name or name.startswith(request_id)
                    if data == "[DONE]":
                        done = True
                        break
                    frame = json.loads(data)
                    last_id = name or last_id
                    if frame["type"] == "ai:token":
                        assert frame["content"] == frame["chunk"]
                        text += frame["chunk"]
                    if len(text) >= cut_at and cuts < CUTS:
                        break
            assert script.text.startswith(text)
            url = f"{serving.url}/api/generations/{request_id}/events"
            call = functools.partial(session.get, url, headers={"Last-Event-ID": last_id})
    assert done
    assert text == script.text
    assert len(provider.requests) == 1
