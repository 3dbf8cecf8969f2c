"""A new secret key with the old one as a fallback: nobody is signed out, no tab loses its socket."""

from collections.abc import Callable

import aiohttp

from tests.live.client import signed_in
from tests.live.server import LiveServer

NEW = "n" * 50


async def status(server: LiveServer, path: str = "/settings/") -> int:
    headers = {"Cookie": server.cookies("alice")}
    async with (
        aiohttp.ClientSession(server.url, headers=headers) as session,
        session.get(path, allow_redirects=False) as response,
    ):
        return response.status


async def test_people_stay_signed_in_and_sockets_open(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    earlier = (server.data_dir / "secret_key").read_text().strip()
    server.terminate()
    server.start(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=earlier)
    async with signed_in(server) as one:
        await one.frame("session")
        assert await status(server) == 200
        session = server.people["alice"]["session"]
        # What the socket's sign-in is looked up by is still there: no other session was begun in its place.
        assert server.query("SELECT 1 FROM django_session WHERE session_key = ?", session)
        await one.send("ping", id="still")
        await one.frame("pong", id="still")
    async with signed_in(server) as another:
        await another.frame("session")


async def test_without_the_fallback_nobody_is(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    server.terminate()
    server.start(SECRET_KEY=NEW)
    assert await status(server) == 302
