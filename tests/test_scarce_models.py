"""What a model or a provider takes: who waits is told where they stand, and nobody asks a provider that said wait."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.live.client import signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

RATES = ("max_generations", "requests_per_minute", "tokens_per_minute")
EVERYONES = 100


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[ProviderServer]:
    """One of this file's own: it offers a model more, which the servers of other tests must not find."""
    with ProviderServer() as provider:
        provider.models = ["scripted", "other"]
        yield provider


@pytest.fixture(scope="module")
def _module_server(server_of: Callable[..., LiveServer], shared_provider: ProviderServer) -> Iterator[LiveServer]:
    with server_of(shared_provider) as server:
        yield server


@pytest.fixture
def server(_module_server: LiveServer, provider: ProviderServer) -> LiveServer:
    """Shared by the tests of this file; no model has limits or a fallback."""
    change(_module_server, fallback_id=None, **dict.fromkeys(RATES))
    return _module_server


def change(server: LiveServer, **fields: int | None) -> None:
    """As an admin would change the model ``scripted``."""
    with server.writing() as execute:
        for name, value in fields.items():
            execute(f"UPDATE chat_languagemodel SET {name} = ? WHERE name = 'scripted'", value)


def fall_back(server: LiveServer) -> None:
    [(other,)] = server.query("SELECT id FROM chat_languagemodel WHERE name = 'other'")
    change(server, fallback_id=other)


async def test_a_full_model_makes_wait_and_says_where_one_stands(server: LiveServer, provider: ProviderServer) -> None:
    change(server, max_generations=1)
    provider.script(tokens=20, rate=100)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        first = await alice.generate(model="scripted")
        await alice.until(lambda: first.text)
        second = await bob.generate(model="scripted")
        assert (await bob.frame("ai:queued", request_id=second.request_id))["position"] == 1
        assert len(provider.requests) == 1
        await bob.ended(second)
        assert first.end
        assert second.status == "completed"


async def test_a_free_fallback_answers_when_it_may(server: LiveServer, provider: ProviderServer) -> None:
    change(server, max_generations=1)
    fall_back(server)
    provider.script(tokens=30, rate=50)
    async with signed_in(server) as socket:
        first = await socket.generate("One", model="scripted")
        await socket.until(lambda: first.text)
        strict = await socket.generate("Two", model="scripted", allow_fallback=False)
        await socket.frame("ai:queued", request_id=strict.request_id)
        free = await socket.ended(await socket.generate("Three", model="scripted"))
        await socket.ended(strict)
    assert free.start
    assert strict.start
    assert (free.start["model"], strict.start["model"]) == ("other", "scripted")
    assert [request.model for request in provider.requests] == ["scripted", "other", "scripted"]


async def test_a_minutes_requests_are_not_exceeded(server: LiveServer, provider: ProviderServer) -> None:
    change(server, requests_per_minute=len(provider.requests) + 50)
    async with signed_in(server) as socket:
        await socket.ended(await socket.generate(model="scripted"))
        change(server, requests_per_minute=1)
        waiting = await socket.generate(model="scripted")
        await socket.frame("ai:queued", request_id=waiting.request_id)
        assert len(provider.requests) == 1
        change(server, requests_per_minute=None)  # the pulse tells those who wait
        await socket.ended(waiting)


async def test_a_provider_that_says_wait_is_not_asked_before(server: LiveServer, provider: ProviderServer) -> None:
    provider.script_next(status=429, retry_after="6", error_type="rate_limit_error")
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        first = await alice.generate(model="scripted")
        refused = await provider.arequest(1)
        assert (await alice.frame("ai:queued", request_id=first.request_id))["position"] == 1
        second = await bob.generate(model="scripted")
        assert (await bob.frame("ai:queued", request_id=second.request_id))["position"] >= 1
        await alice.ended(first)
        await bob.ended(second)
    assert (first.status, second.status) == ("completed", "completed")
    assert first.starts == 1
    assert min(request.at for request in provider.requests[1:]) - refused.at >= 6


async def test_a_queued_request_survives_its_socket_and_can_be_cancelled(
    server: LiveServer, provider: ProviderServer
) -> None:
    change(server, max_generations=1)
    provider.script(tokens=10_000, rate=50)
    async with signed_in(server) as socket:
        first = await socket.generate(model="scripted")
        await socket.until(lambda: first.text)
        second, third = await socket.generate(model="scripted"), await socket.generate(model="scripted")
        await socket.frame("ai:queued", request_id=third.request_id)
    async with signed_in(server) as again:
        await again.send("ai:resume", request_id=second.request_id, after=0)
        await again.frame("ai:queued", request_id=second.request_id, position=1)
        await again.send("ai:cancel", request_id=third.request_id)
        await again.send("ai:resume", request_id=third.request_id, after=0)
        assert (await again.ended(again.reader(third.request_id))).status == "cancelled"
        await again.send("ai:cancel", request_id=first.request_id)
        await again.send("ai:resume", request_id=first.request_id, after=0)
        await again.ended(again.reader(first.request_id))
        await again.until(lambda: again.reader(second.request_id).text)
        await again.send("ai:cancel", request_id=second.request_id)
        await again.ended(again.reader(second.request_id))
    assert server.query("SELECT sum(reserved) FROM accounts_usageday") == [(0,)]


async def test_a_hundred_queued_do_not_delay_anothers_first(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    server = start_server(MAX_GENERATIONS=1)
    provider.script(tokens=5, rate=50)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        hers = [await alice.generate(f"Alice {number}") for number in range(60)]
        await alice.frame("ai:queued", request_id=hers[-1].request_id)
        hers += [await alice.generate(f"Alice {number}") for number in range(60, EVERYONES)]
        await alice.frame("ai:queued", request_id=hers[-1].request_id)
        his = await bob.generate("Bob")
        queued = await bob.frame("ai:queued", request_id=his.request_id)
        asked = len(provider.requests)
        assert queued["position"] == 1
        await bob.ended(his)
        turns = [request.last_turn[1] for request in provider.requests]
        assert turns.index("Bob") <= asked + 1
        await asyncio.gather(*(alice.send("ai:cancel", request_id=reader.request_id) for reader in hers))
        for reader in hers:
            await alice.ended(reader)


async def test_a_full_queue_says_so(start_server: Callable[..., LiveServer], provider: ProviderServer) -> None:
    server = start_server(MAX_GENERATIONS=1, MAX_QUEUED=3)
    provider.script(tokens=10_000, rate=50)
    async with signed_in(server) as alice, signed_in(server, "bob") as bob, signed_in(server, "grace") as grace:
        first = await alice.generate()
        await alice.until(lambda: first.text)
        waiting = await alice.generate()
        await alice.frame("ai:queued", request_id=waiting.request_id)
        refused = await alice.generate()
        error = await alice.frame("ai:error", request_id=refused.request_id)
        assert error["code"] == "too_many_generations"
        for socket in (bob, grace):
            reader = await socket.generate()
            await socket.frame("ai:queued", request_id=reader.request_id)
        full = await bob.generate()
        error = await bob.frame("ai:error", request_id=full.request_id)
        assert error["code"] == "queue_full"
        assert error["retry_after_s"] > 0
        again = await alice.generate(request_id=waiting.request_id)
        await alice.send("ai:cancel", request_id=again.request_id)
        assert (await alice.ended(again)).status == "cancelled"
