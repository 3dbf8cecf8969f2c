"""The event streams: the second kind of viewer, which proves that the log does not know what a socket is."""

import pytest

from tests.live.client import new_id, signed_in
from tests.live.events import browser, read
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


async def test_post_streams_the_answer(serving: LiveServer, provider: ProviderServer) -> None:
    script = provider.script(tokens=30, thinking=("Hm.",))
    async with browser(serving) as session, session.post("/api/chat", json={"prompt": "Hello"}) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        reader, frames = await read(response)
    assert (reader.text, reader.thinking, reader.status) == (script.text, "Hm.", "completed")
    assert all(frame["content"] == frame["chunk"] for frame in frames if "chunk" in frame)


async def test_the_same_request_id_streams_the_same_answer(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=30)
    body = {"prompt": "Hello", "request_id": new_id()}
    async with browser(serving) as session:
        async with session.post("/api/chat", json=body) as response:
            first, _ = await read(response)
        async with session.post("/api/chat", json=body) as response:
            second, _ = await read(response)
    assert first.text == second.text
    assert len(provider.requests) == 1


async def test_a_socket_and_an_event_stream_see_the_same(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=50, rate=100)
    async with signed_in(serving) as socket, browser(serving) as session:
        one = await socket.generate("Both")
        await socket.until(lambda: one.text)
        async with session.get(f"/api/generations/{one.request_id}/events") as response:
            two, _ = await read(response)
        await socket.ended(one)
        assert one.text == two.text
        async with session.get(f"/api/generations/{one.request_id}/events?after={two.cursor}") as response:
            assert (await response.text()) == "data: [DONE]\n\n"


async def test_a_closed_stream_is_a_viewer_gone_not_a_stop(serving: LiveServer, provider: ProviderServer) -> None:
    script = provider.script(tokens=60, rate=100)
    request_id = new_id()
    async with browser(serving) as session:
        async with session.post("/api/chat", json={"prompt": "Hello", "request_id": request_id}) as response:
            await response.content.readline()
        async with session.get(f"/api/generations/{request_id}/events") as response:
            reader, _ = await read(response)
    assert reader.text == script.text
    assert len(provider.requests) == 1


async def test_cancel_stops_the_generation(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=10_000, rate=50)
    request_id = new_id()
    async with (
        browser(serving) as session,
        session.post("/api/chat", json={"prompt": "Hello", "request_id": request_id}) as response,
    ):
        await provider.arequest()
        for _ in range(2):
            async with session.post(f"/api/generations/{request_id}/cancel") as cancelled:
                assert cancelled.status == 204
        reader, _ = await read(response)
    assert reader.status == "cancelled"
    await provider.requests[0].aleft()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("nonsense", None),
        ("{}", "prompt"),
        ('{"prompt": ""}', "prompt"),
        ('{"prompt": 1}', "prompt"),
        ('{"prompt": "x", "request_id": "y"}', "request_id"),
        ('{"prompt": "x", "colour": "red"}', "colour"),
    ],
)
async def test_a_malformed_body_is_refused_by_field(serving: LiveServer, body: str, field: str | None) -> None:
    async with browser(serving) as session, session.post("/api/chat", data=body) as response:
        assert response.status == 400
        error = await response.json()
        assert (error["code"], error.get("field")) == ("bad_request", field)


async def test_an_answer_is_asked_for_again_with_a_frame(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=("One",))
    async with browser(serving) as session:
        async with session.post("/api/chat", json={"prompt": "Hello"}) as response:
            first, _ = await read(response)
        assert first.start
        provider.script(tokens=("Two",))
        body = {"type": "ai:regenerate", "request_id": new_id(), "message_id": first.start["message_id"]}
        async with session.post("/api/generations", json=body) as response:
            second, _ = await read(response)
        assert (second.text, second.status) == ("Two", "completed")
        assert second.start and second.start["parent_id"] == first.start["parent_id"]
    async with browser(serving, "bob") as session, session.post("/api/generations", json=body) as response:
        assert response.status == 404


async def test_a_frame_that_asks_for_no_answer_is_refused(serving: LiveServer) -> None:
    async with browser(serving) as session, session.post("/api/generations", json={"type": "ping"}) as response:
        assert response.status == 400
        assert (await response.json())["field"] == "type"


async def test_a_stranger_gets_404(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    request_id = new_id()
    async with (
        browser(serving) as session,
        session.post("/api/chat", json={"prompt": "Mine", "request_id": request_id}) as response,
    ):
        reader, _ = await read(response)
    assert reader.start
    async with browser(serving, "bob") as session:
        async with session.get(f"/api/generations/{request_id}/events") as response:
            assert response.status == 404
        async with session.post(f"/api/generations/{request_id}/cancel") as response:
            assert response.status == 404
        body = {"prompt": "Hi", "conversation_id": reader.start["conversation_id"]}
        async with session.post("/api/chat", json=body) as response:
            assert response.status == 404


async def test_without_a_sign_in_there_is_401(serving: LiveServer) -> None:
    async with (
        browser(serving, Cookie="sessionid=wrong") as session,
        session.post("/api/chat", json={"prompt": "Hi"}) as response,
    ):
        assert response.status == 401
        assert (await response.json())["code"] == "unauthenticated"


async def test_another_site_cannot_post(serving: LiveServer, provider: ProviderServer) -> None:
    async with (
        browser(serving, Origin="https://evil.example") as session,
        session.post("/api/chat", json={"prompt": "Hi"}) as response,
    ):
        assert response.status == 403
    assert not provider.requests


async def test_a_cursor_that_is_no_number_is_refused(serving: LiveServer) -> None:
    async with (
        browser(serving, **{"Last-Event-ID": "x:y"}) as session,
        session.get(f"/api/generations/{new_id()}/events") as response,
    ):
        assert response.status == 400
