"""A server that loses patience soon; after every answer one final state, the text stored is the text seen, the
reservation has ended once, and nothing of the call is left open."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.live.client import SocketClient, signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer
from tests.upstream.answers import BUDGET, MAX_OUTPUT, REFUSALS, accounts, chain, over

MODELS = ["scripted", "first", "second", "third", "claude"]


@pytest.fixture(scope="package")
def upstream() -> Iterator[ProviderServer]:
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="package")
def hasty(server_of: Callable[..., LiveServer], upstream: ProviderServer) -> Iterator[LiveServer]:
    """A server that loses patience soon, with models that fall back: first, second, third."""
    settings: dict[str, Any] = {"FIRST_TOKEN_TIMEOUT_S": 2, "IDLE_TIMEOUT_S": 1, "GENERATION_TIMEOUT_S": 4}
    settings |= {"OPENAI_MODELS": ",".join([*MODELS[:-1], *(f"says-{status}" for status in REFUSALS)])}
    settings |= {"ANTHROPIC_MODELS": ",".join(["claude", *(f"claude-says-{status}" for status in REFUSALS)])}
    settings |= {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": upstream.url}
    settings |= {"MAX_OUTPUT_TOKENS": MAX_OUTPUT, "DEFAULT_MODEL": "scripted"}
    with server_of(upstream, **settings) as server:
        chain(server, "first", "second", "third")
        bob = server.people["bob"]["id"].replace("-", "")
        budget = 'INSERT INTO accounts_tokenbudget (user_id, for_site, "limit") VALUES (?, false, ?)'
        server.execute(budget, bob, BUDGET)
        asyncio.run(warm(server))
        yield server


async def warm(server: LiveServer) -> None:
    """Ask until both kinds of providers answer: on a busy machine their SDKs take longer to load than is waited."""
    async with signed_in(server) as socket:
        for model in ("scripted", "claude"):
            for _ in range(20):
                if (await socket.ended(await socket.generate(model=model))).status == "completed":
                    break


@pytest.fixture
def provider(upstream: ProviderServer) -> ProviderServer:
    upstream.reset()
    return upstream


@pytest_asyncio.fixture
async def socket(hasty: LiveServer, provider: ProviderServer) -> AsyncIterator[SocketClient]:
    async with signed_in(hasty) as socket:
        yield socket


@pytest_asyncio.fixture(autouse=True)
async def _nothing_is_left(hasty: LiveServer, upstream: ProviderServer) -> AsyncIterator[None]:
    """After every test the books balance and no call is open."""
    yield
    for recording in upstream.requests:
        await over(recording)
    for name in ("alice", "bob"):
        used, reserved, settled = accounts(hasty, name)
        assert (reserved or 0, used) == (0, settled)
