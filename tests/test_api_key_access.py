"""What a key opens: the API and the socket, in its owner's name, for as long as it lives."""

import asyncio
from collections.abc import Callable

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from accounts.models.api_key import digest
from tests.live.client import new_id
from tests.live.events import read
from tests.live.forms import submit
from tests.live.keys import bot, issue
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

from .conftest import PASSWORD


def change(server: LiveServer, sql: str, *parameters: object) -> None:
    """Behind the server's back: no hint tells it."""
    server.execute(sql, *parameters)


def script(server: LiveServer, key: str, **headers: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {key}", **headers})


async def asked(server: LiveServer, path: str = "/api/chat", **headers: str) -> tuple[int, str]:
    """Status and code of the answer to a prompt."""
    async with (
        aiohttp.ClientSession(server.url, headers=headers) as session,
        session.post(path, json={"prompt": "Hello"}) as response,
    ):
        return response.status, (await response.json())["code"] if response.content_type.endswith("json") else ""


async def test_a_script_asks_and_reads_and_stops(serving: LiveServer, provider: ProviderServer) -> None:
    script_ = provider.script(tokens=20)
    async with script(serving, issue(serving)) as session:
        request_id = new_id()
        async with session.post("/api/chat", json={"prompt": "Hello", "request_id": request_id}) as response:
            assert (await read(response))[0].text == script_.text
        async with session.get(f"/api/generations/{request_id}/events") as response:
            assert (await read(response))[0].text == script_.text
        async with session.post(f"/api/generations/{request_id}/cancel") as response:
            assert response.status == 204


async def test_a_bot_has_a_socket_without_cookie_or_origin(serving: LiveServer, provider: ProviderServer) -> None:
    script_ = provider.script(tokens=20)
    socket = await bot(serving, issue(serving))
    assert (await socket.frame("session"))["user"]["email"] == "alice@example.org"
    assert (await socket.ended(await socket.generate())).text == script_.text
    await socket.close()


async def test_a_key_that_reads_asks_and_stops_nothing(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=500, rate=50)
    owner, reading = await bot(serving, issue(serving)), await bot(serving, issue(serving, scope="read"))
    reader = await owner.generate()
    await owner.until(lambda: reader.text)
    assert reader.start
    await reading.send("conversation:open", conversation_id=reader.start["conversation_id"])
    await reading.until(lambda: reading.reader(reader.request_id).text)
    await reading.send("ai:cancel", request_id=reader.request_id)
    await reading.frame("ai:error", code="forbidden", request_id=reader.request_id)
    refused = await reading.generate()
    await reading.frame("ai:error", code="forbidden", request_id=refused.request_id)
    async with script(serving, issue(serving, scope="read")) as session:
        async with session.post("/api/chat", json={"prompt": "Hello"}) as response:
            assert (response.status, (await response.json())["code"]) == (403, "forbidden")
        async with session.post(f"/api/generations/{reader.request_id}/cancel") as response:
            assert response.status == 403
    assert len(provider.requests) == 1
    assert reader.end is None
    await owner.send("ai:cancel", request_id=reader.request_id)
    await owner.ended(reader)
    await asyncio.gather(owner.close(), reading.close())


@pytest.mark.parametrize("end", ["revoked_at = '2026-01-01'", "expires_at = '2026-01-01'"])
async def test_its_end_closes_what_is_open_with_it(serving: LiveServer, provider: ProviderServer, end: str) -> None:
    """Found by the pulse, without a hint; another key of the same person goes on."""
    provider.script(tokens=2_000, rate=50)
    key, other = issue(serving), issue(serving)
    socket, going_on = await bot(serving, key), await bot(serving, other)
    async with script(serving, key) as session, session.post("/api/chat", json={"prompt": "Hello"}) as stream:
        await stream.content.readline()
        change(serving, f"UPDATE accounts_apikey SET {end} WHERE digest = ?", digest(key))
        assert await socket.closed() == 4401
        async with asyncio.timeout(10):
            assert b"[DONE]" not in await stream.read()
        async with session.post("/api/chat", json={"prompt": "Hello"}) as response:
            assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    await going_on.send("ping", id="on")
    await going_on.frame("pong", id="on")
    await going_on.close()


async def test_a_new_password_closes_what_is_open_with_a_key(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    keys = [issue(server), issue(server, "bob")]
    socket, bobs = await bot(server, keys[0]), await bot(server, keys[1])
    form = {"oldpassword": PASSWORD, "password1": "staple battery", "password2": "staple battery"}
    assert await submit(server, "alice", "/accounts/password/change/", **form) == 302
    assert await socket.closed() == 4401
    assert (await asked(server, Authorization=f"Bearer {keys[0]}"))[0] == 401
    await bobs.send("ping", id="on")
    await bobs.frame("pong", id="on")
    await bobs.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer parley_000000000000_" + "s" * 43},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer \u00ff"},
        {"Authorization": "Basic YWxpY2U6eA=="},
        {},
    ],
)
async def test_without_a_good_key_nothing_opens(serving: LiveServer, headers: dict[str, str]) -> None:
    assert await asked(serving, **headers) == (401, "unauthenticated")
    with pytest.raises(InvalidStatus) as refused:
        await connect(serving.url.replace("http", "ws") + "/ws/chat/", additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


async def test_a_bad_key_beside_a_good_cookie_is_a_bad_key(serving: LiveServer) -> None:
    cookie = serving.cookies("alice")
    bad = "parley_000000000000_" + "s" * 43
    assert (await asked(serving, Cookie=cookie, Authorization=f"Bearer {bad}"))[0] == 401
    with pytest.raises(InvalidStatus):
        await bot(serving, bad, Origin=serving.url, Cookie=cookie)


async def test_a_key_from_a_page_of_another_site_is_refused(serving: LiveServer) -> None:
    key = issue(serving)
    with pytest.raises(InvalidStatus):
        await bot(serving, key, Origin="https://evil.example")
    assert (await asked(serving, Authorization=f"Bearer {key}", Origin="https://evil.example"))[0] == 403


@pytest.mark.parametrize(
    "path", ["/api/chat?key={}", "/ws/chat/?key={}", "/ws/chat/?token={}", "/api/chat?access_token={}"]
)
async def test_a_key_in_an_address_opens_nothing(serving: LiveServer, path: str) -> None:
    assert (await asked(serving, path.format(issue(serving))))[0] in {401, 404}


async def test_a_key_is_in_no_line_of_the_log(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=5)
    key = issue(serving)
    socket = await bot(serving, key)
    await socket.ended(await socket.generate())
    await socket.send(key)
    await socket.frame("ai:error")
    await socket.close()
    assert not any(key[-43:] in line for line in serving.output)
