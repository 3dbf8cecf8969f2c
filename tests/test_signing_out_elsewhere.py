"""What is open elsewhere ends with its session, whichever way that ends: sockets and event streams, within seconds."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tests.live.client import open_socket
from tests.live.forms import SECRET, submit
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

PASSWORD = "correct horse battery"


async def sign_in(server: LiveServer) -> str:
    """Alice signs in on another device; its Cookie header."""
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"Cookie": f"csrftoken={SECRET}", "X-CSRFToken": SECRET, "User-Agent": "stolen"}
    form = {"login": "alice@example.org", "password": PASSWORD}
    async with (
        aiohttp.ClientSession(server.url, cookie_jar=jar) as session,
        session.post("/accounts/login/", data=form, headers=headers, allow_redirects=False) as response,
    ):
        assert response.status == 302
        return f"sessionid={response.cookies['sessionid'].value}"


async def end_it(server: LiveServer) -> None:
    """From the list of sessions of the first device."""
    [(pk,)] = server.query("SELECT id FROM usersessions_usersession WHERE user_agent = 'stolen'")
    assert await submit(server, "alice", f"/settings/sessions/{pk}/end/") == 302


async def end_all_others(server: LiveServer) -> None:
    assert await submit(server, "alice", "/settings/sessions/others/end/") == 302


async def change_the_password(server: LiveServer) -> None:
    form = {"oldpassword": PASSWORD, "password1": "staple battery", "password2": "staple battery"}
    assert await submit(server, "alice", "/accounts/password/change/", **form) == 302


async def ask_for_a_second_factor(server: LiveServer) -> None:
    server.execute("UPDATE accounts_user SET second_factor_required = true WHERE email = 'alice@example.org'")


async def deactivate(server: LiveServer) -> None:
    server.execute("UPDATE accounts_user SET is_active = false WHERE email = 'alice@example.org'")


async def let_it_expire(server: LiveServer) -> None:
    server.execute("UPDATE django_session SET expire_date = '2020-01-01 00:00:00'")


@pytest.mark.parametrize(
    "ending",
    [end_it, end_all_others, change_the_password, ask_for_a_second_factor, deactivate, let_it_expire],
    ids=lambda ending: ending.__name__,
)
async def test_a_socket_and_a_stream_on_another_device_end_with_it(
    start_server: Callable[..., LiveServer],
    provider: ProviderServer,
    ending: Callable[[LiveServer], Awaitable[None]],
) -> None:
    provider.script(tokens=5_000, rate=100)
    server = start_server()
    elsewhere = {"Cookie": await sign_in(server), "User-Agent": "stolen"}
    socket = await open_socket(server, headers=elsewhere)
    async with (
        aiohttp.ClientSession(server.url, headers=elsewhere, timeout=aiohttp.ClientTimeout(20)) as session,
        session.post("/api/chat", json={"prompt": "Hello"}) as stream,
    ):
        await stream.content.readline()
        await ending(server)
        assert await socket.closed() == 4401
        assert b"[DONE]" not in await stream.read()
    async with (
        aiohttp.ClientSession(server.url, headers=elsewhere) as session,
        session.get("/settings/", allow_redirects=False) as response,
    ):
        assert response.status == 302
