"""A form of the site, sent in somebody's name."""

import aiohttp

from .server import LiveServer

SECRET = "a" * 32  # what the cookie and the form have to have in common


async def submit(server: LiveServer, name: str, path: str, **fields: str) -> int:
    """The status of the answer; redirects are not followed."""
    headers = {"Cookie": f"{server.cookies(name)}; csrftoken={SECRET}", "X-CSRFToken": SECRET}
    async with (
        aiohttp.ClientSession(server.url, headers=headers, timeout=aiohttp.ClientTimeout(10)) as session,
        session.post(path, data=fields, allow_redirects=False) as response,
    ):
        return response.status
