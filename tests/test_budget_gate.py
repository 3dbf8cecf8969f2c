"""Somebody whose budget is exhausted is told so before any work, over HTTP and over sockets."""

import asyncio
import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from django.utils import timezone

from tests.live.client import Reader, SocketClient, new_id, open_socket, signed_in
from tests.live.events import browser
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

StartServer = Callable[..., LiveServer]
SENDS = 100
A_MINUTE = datetime.timedelta(minutes=1)
OUTPUT = 256
EMPTIED = (
    "accounts_reservation",
    "accounts_usageday",
    "accounts_tokenbudget",
    "chat_generation",
    "chat_message",
    "chat_conversation",
)


def stored(server: LiveServer) -> int:
    [(count,)] = server.query("SELECT (SELECT count(*) FROM chat_message) + (SELECT count(*) FROM chat_conversation)")
    return int(count)


def limit(server: LiveServer, tokens: int | None, name: str = "alice") -> None:
    """As an admin would, but without a hint: the ledger alone must know."""
    with server.writing() as execute:
        user = server.people[name]["id"].replace("-", "")
        execute("DELETE FROM accounts_tokenbudget WHERE user_id = ?", user)
        execute('INSERT INTO accounts_tokenbudget (user_id, for_site, "limit") VALUES (?, false, ?)', user, tokens)


@pytest.fixture(scope="module")
def _module_server(server_of: StartServer, shared_provider: ProviderServer) -> Iterator[LiveServer]:
    with server_of(shared_provider, MAX_OUTPUT_TOKENS=OUTPUT) as server:
        yield server


@pytest.fixture
def server(_module_server: LiveServer, provider: ProviderServer) -> LiveServer:
    """Shared by the tests of this file, its ledger and its conversations emptied for each."""
    with _module_server.writing() as execute:
        for table in EMPTIED:
            execute(f"DELETE FROM {table}")
    provider.script(tokens=20)
    return _module_server


async def test_a_frame_is_refused_and_nothing_is_stored(server: LiveServer, provider: ProviderServer) -> None:
    limit(server, 0)
    async with signed_in(server) as socket:
        for type_, fields in [
            ("ai:generate", {"prompt": "Hello"}),
            ("ai:regenerate", {"message_id": new_id()}),
            ("ai:continue", {"message_id": new_id()}),
        ]:
            request_id = new_id()
            await socket.send(type_, request_id=request_id, **fields)
            error = await socket.frame("ai:error", request_id=request_id)
            assert error["code"] == "budget_exhausted"
            assert 0 < error["retry_after_s"] <= 24 * 3600
        await socket.send("ping", id="still here")
        await socket.frame("pong", id="still here")
        limit(server, 10_000)
        assert (await socket.ended(await socket.generate())).status == "completed"
    assert stored(server) == 3
    assert len(provider.requests) == 1


async def test_a_repeated_request_is_never_refused(server: LiveServer, provider: ProviderServer) -> None:
    body = {"prompt": "Hello", "request_id": new_id()}
    async with browser(server) as session:
        async with session.post("/api/chat", json=body) as response:
            assert response.status == 200
            await response.read()
        limit(server, 0)
        async with session.post("/api/chat", json=body) as response:
            assert response.status == 200
            await response.read()
    async with signed_in(server) as socket:
        again = await socket.ended(await socket.generate("Hello", request_id=body["request_id"]))
        assert again.text == provider.requests[0].text
    assert len(provider.requests) == 1


async def test_http_gets_429_as_json(server: LiveServer) -> None:
    limit(server, 0)
    async with browser(server) as session, session.post("/api/chat", json={"prompt": "Hello"}) as response:
        assert response.status == 429
        assert 0 < int(response.headers["Retry-After"]) <= 24 * 3600
        error = await response.json()
        assert (error["type"], error["code"]) == ("ai:error", "budget_exhausted")
    assert stored(server) == 0


async def test_http_gets_429_as_a_page_when_it_asks_for_one(server: LiveServer) -> None:
    limit(server, 0)
    async with (
        browser(server, Accept="text/html") as session,
        session.post("/api/chat", json={"prompt": "Hello"}) as response,
    ):
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0
        assert response.content_type == "text/html"
        assert "/settings/budget/" in await response.text()


async def by_socket(socket: SocketClient) -> str:
    request_id = new_id()
    await socket.send("ai:generate", request_id=request_id, prompt="Hello")
    reader = socket.reader(request_id)

    def outcome() -> str | None:
        if reader.end:
            return reader.status
        refused = [f for f in socket.frames if f["type"] == "ai:error" and f.get("request_id") == request_id]
        return refused[0]["code"] if refused else None

    async with asyncio.timeout(60), socket.news:
        return str(await socket.news.wait_for(outcome))


async def by_stream(session: aiohttp.ClientSession) -> str:
    reader = Reader("")
    async with session.post("/api/chat", json={"prompt": "Hello"}) as response:
        if response.status != 200:
            return str((await response.json())["code"])
        async for line in response.content:
            if line.startswith(b"data: {") and "seq" in (frame := json.loads(line[6:])):
                reader.apply(frame)
    return reader.status


async def watch(server: LiveServer, seen: list[tuple[int, int]], done: asyncio.Event) -> None:
    """Note each state of the ledger that is committed, from outside."""
    sql = 'SELECT used, reserved, granted, "limit" FROM accounts_usageday WHERE "limit" IS NOT NULL'
    with server.reading() as query:
        while not done.is_set():
            for used, reserved, granted, most in query(sql):
                if not seen or seen[-1] != (used, reserved):
                    seen.append((used, reserved))
                assert used + reserved <= most + granted
            await asyncio.sleep(0.001)


async def test_of_100_at_once_where_3_fit_exactly_3_reach_the_provider(
    server: LiveServer, provider: ProviderServer
) -> None:
    one = await cost_of_one(server)
    limit(server, used(server) + 4 * one - 1)
    provider.reset()
    # They end only when all have been refused or admitted: what is given back must not serve a fourth.
    provider.script(tokens=10_000, rate=1, ignore_max_tokens=True)
    seen: list[tuple[int, int]] = []
    done = asyncio.Event()
    watching = asyncio.create_task(watch(server, seen, done))
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(signed_in(server)) for _ in range(10)]
        session = await stack.enter_async_context(browser(server))
        sends = [
            asyncio.create_task(by_socket(opened[number // 2 % 10]) if number % 2 else by_stream(session))
            for number in range(SENDS)
        ]
        async with asyncio.timeout(60):
            while sum(send.done() for send in sends) < SENDS - 3:
                await asyncio.wait([send for send in sends if not send.done()], return_when=asyncio.FIRST_COMPLETED)
        await provider.arequest(3)
        refused = [send.result() for send in sends if send.done()]
        for send in sends:
            send.cancel()
    done.set()
    await watching
    assert refused == ["budget_exhausted"] * (SENDS - 3)
    assert len(provider.requests) == 3
    assert seen[-1][1] == 3 * one


def used(server: LiveServer) -> int:
    rows = server.query("SELECT used + reserved FROM accounts_usageday")
    return int(rows[0][0]) if rows else 0


async def cost_of_one(server: LiveServer) -> int:
    """What one message reserves."""
    async with signed_in(server) as socket:
        await socket.ended(await socket.generate())
    [(amount,)] = server.query("SELECT amount FROM accounts_reservation")
    return int(amount)


async def test_a_first_ever_request_20_times_at_once_is_one_day_and_no_bypass(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=1, ignore_max_tokens=True)
    limit(server, 300, "bob")  # for one answer of 256 tokens and its short prompt
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(signed_in(server, "bob")) for _ in range(10)]
        session = await stack.enter_async_context(browser(server, "bob"))
        sends = [asyncio.create_task(by_socket(socket)) for socket in sockets]
        sends += [asyncio.create_task(by_stream(session)) for _ in range(10)]
        async with asyncio.timeout(30):
            while sum(send.done() for send in sends) < 19:
                await asyncio.wait([send for send in sends if not send.done()], return_when=asyncio.FIRST_COMPLETED)
        assert [send.result() for send in sends if send.done()] == ["budget_exhausted"] * 19
        for send in sends:
            send.cancel()
    [(days, reserved)] = server.query("SELECT count(*), sum(reserved) FROM accounts_usageday")
    assert days == 1
    assert 256 <= reserved <= 300
    assert len(provider.requests) == 1


async def test_a_provider_that_ignores_the_limit_is_cut_at_the_reservation(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script(
        tokens=100_000, rate=2000, ignore_max_tokens=True, usage={"prompt_tokens": 5, "completion_tokens": 9}
    )
    one = 300
    limit(server, one)
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate())
        ended_at = asyncio.get_running_loop().time()
        left_at = await provider.requests[0].aleft(1)
        assert left_at <= ended_at + 1
        assert reader.status == "truncated"
        assert reader.end
        assert reader.end["budget"]["used"] <= one
        assert reader.text
    [(state, amount, settled)] = server.query("SELECT state, amount, settled_amount FROM accounts_reservation")
    assert state == "settled"
    assert settled <= amount <= one


async def test_every_socket_hears_of_every_change(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=30, rate=50)
    limit(server, 10_000)
    async with signed_in(server) as here, signed_in(server) as there:
        await here.ended(await here.generate())
        await there.frame("budget", reserved=0)
        held = [frame for frame in there.frames if frame["type"] == "budget" and frame["reserved"]]
        assert held
        assert held[0]["remaining"] == 10_000 - held[0]["reserved"]


async def test_another_time_zone_is_another_end_of_the_day_but_no_second_budget(server: LiveServer) -> None:
    limit(server, 3000)
    async with signed_in(server) as socket, browser(server) as session:
        await socket.ended(await socket.generate())
        before = await socket.frame("budget", reserved=0)
        async with session.get("/settings/") as page:
            token = page.cookies["csrftoken"].value
        form = {"name": "Alice", "time_zone": "Pacific/Kiritimati", "csrfmiddlewaretoken": token}
        async with session.post(
            "/settings/", data=form, headers={"Cookie": f"{server.cookies('alice')}; csrftoken={token}"}
        ) as saved:
            assert saved.status == 200
        after = await socket.until(
            lambda: next(
                (f for f in socket.frames if f["type"] == "budget" and f["resets_at"].endswith("+14:00")), None
            )
        )
        assert (after["used"], after["limit"]) == (before["used"], 3000)
        await socket.ended(await socket.generate())
    assert len(server.query("SELECT id FROM accounts_usageday")) == 1


async def test_a_message_too_many_says_when_to_come_back(start_server: StartServer, provider: ProviderServer) -> None:
    server = start_server(MESSAGES_PER_MINUTE=3)
    first = new_id()
    async with signed_in(server) as socket, browser(server) as session:
        for request_id in (first, first, first, new_id()):
            await socket.ended(await socket.generate(request_id=request_id))
        async with session.post("/api/chat", json={"prompt": "Third"}) as response:
            assert response.status == 200
            await response.read()
        async with session.post("/api/chat", json={"prompt": "Fourth"}) as response:
            assert response.status == 429
            assert 0 < int(response.headers["Retry-After"]) <= 60
        fourth = await socket.generate("Fourth")
        error = await socket.frame("ai:error", request_id=fourth.request_id)
        assert error["code"] == "rate_limited"
        assert 0 < error["retry_after_s"] <= 60
        await socket.ended(await socket.generate(request_id=first))
    assert len(provider.requests) == 3


async def test_after_a_crash_nothing_stays_reserved_for_what_is_gone(
    start_server: StartServer, provider: ProviderServer
) -> None:
    """The sweep ends what nobody else will: here, of rows that vanished after the process was killed."""
    server = start_server()
    provider.script(tokens=10_000, rate=50)
    limit(server, 10_000)
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: reader.text)
    server.kill()
    socket.cut()
    with server.writing() as execute:
        execute("DELETE FROM chat_generation")
        execute("UPDATE accounts_reservation SET created_at = ?", f"{timezone.now() - A_MINUTE:%Y-%m-%d %H:%M:%S}")
    server.start()
    async with asyncio.timeout(10):
        while server.query("SELECT sum(reserved) FROM accounts_usageday") != [(0,)]:
            await asyncio.sleep(0.1)
    assert server.query("SELECT state FROM accounts_reservation") == [("released",)]
