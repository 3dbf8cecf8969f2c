"""Guessing passwords at two processes that share a Redis: together they let pass what one would."""

import asyncio
from collections import Counter
from collections.abc import Callable

import aiohttp
import pytest

from tests.live.forms import SECRET
from tests.live.redis import RedisServer
from tests.live.server import LiveServer

GUESSES = 200
WRONG, LIMITED, BUSY = "not correct", "Too many failed sign-ins", "Very many people are signing in"
PATIENCE = aiohttp.ClientTimeout(total=240)  # hashing is slow on purpose


async def guesses(servers: list[LiveServer], account: str, forwarded: str) -> Counter[str]:
    """All at once, at either process in turn: what people are told, and how often."""

    async def guess(session: aiohttp.ClientSession, number: int) -> str:
        form = {"login": account.format(number), "password": "wrong"}
        headers = {
            "Cookie": f"csrftoken={SECRET}",
            "X-CSRFToken": SECRET,
            "X-Forwarded-For": forwarded.format(number),
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        url = f"{servers[number % len(servers)].url}/accounts/login/"
        async with session.post(url, data=form, headers=headers) as response:
            page = await response.text()
        return next((words for words in (WRONG, LIMITED, BUSY) if words in page), f"{response.status}: {page}")

    async with aiohttp.ClientSession(timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=0)) as session:
        return Counter(await asyncio.gather(*(guess(session, number) for number in range(GUESSES))))


@pytest.mark.parametrize(
    ("proxies", "account", "forwarded", "allowed"),
    [
        (1, "alice@example.org", "203.0.113.9, 192.0.2.{}", 5),
        (1, "{}@example.org", "203.0.113.{}, 192.0.2.1", 60),
        (0, "{}@example.org", "192.0.2.{}", 60),
    ],
    ids=["one account from many addresses", "many accounts from behind a proxy", "many accounts and spoofed headers"],
)
async def test_two_hundred_at_once_get_exactly_the_limit(
    start_cluster: Callable[..., list[LiveServer]],
    redis_server: RedisServer,
    proxies: int,
    account: str,
    forwarded: str,
    allowed: int,
) -> None:
    servers = start_cluster(2, REDIS_URL=redis_server.url, TRUSTED_PROXIES=proxies)
    told = await guesses(servers, account, forwarded)
    waited_in_vain = told.pop(BUSY, 0)  # on a machine that has no time for hashes: let pass, and not looked at
    assert told == {WRONG: allowed - waited_in_vain, LIMITED: GUESSES - allowed}
