"""Limits that hold for the whole site: of several processes none lets one more through than there may be."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import pytest

from tests.live.client import signed_in
from tests.live.server import PEOPLE, LiveServer
from tests.provider_server.recording import Recording
from tests.provider_server.server import ProviderServer

StartCluster = Callable[..., list[LiveServer]]
AT_ONCE = 2
LIMITS = {
    "model": "UPDATE chat_languagemodel SET max_generations = 2 WHERE name = 'scripted'",
    "provider": "INSERT INTO chat_providerlimit (provider, max_generations) VALUES ('openai', 2)",
}


def most_at_once(calls: Sequence[Recording]) -> int:
    """How many calls were open at one moment, as the provider saw it."""
    steps = [(call.at, 1) for call in calls]
    steps += [(call.ended_at or call.left_at or float("inf"), -1) for call in calls]
    most = running = 0
    for _at, step in sorted(steps):
        running += step
        most = max(most, running)
    return most


@pytest.mark.parametrize("limited", ["person", *LIMITS])
async def test_all_that_ask_at_once_at_all_processes_are_answered_two_at_a_time(
    start_cluster: StartCluster, provider: ProviderServer, limited: str
) -> None:
    provider.script(tokens=10, rate=40)
    share = AT_ONCE if limited == "person" else 200
    servers = start_cluster(3, MAX_GENERATIONS_PER_USER=share)
    if limited in LIMITS:
        servers[0].execute(LIMITS[limited])
    async with AsyncExitStack() as stack:
        names = ["alice"] if limited == "person" else PEOPLE
        sockets = [await stack.enter_async_context(signed_in(server, name)) for server in servers for name in names]
        readers = await asyncio.gather(*(socket.generate() for socket in sockets for _ in range(6 // len(names))))
        for number, reader in enumerate(readers):
            await sockets[number // (6 // len(names))].ended(reader)
    assert {reader.status for reader in readers} == {"completed"}
    assert len(provider.requests) == len(readers) == 18
    assert most_at_once(provider.requests) == AT_ONCE


async def test_a_persons_share_is_theirs_alone(start_cluster: StartCluster, provider: ProviderServer) -> None:
    """Who has theirs at one process waits at the other, in the order of asking; nobody else does."""
    provider.script(tokens=10_000, rate=40)
    first, second = start_cluster(2, MAX_GENERATIONS_PER_USER=1)
    async with signed_in(first) as here, signed_in(second) as there, signed_in(second, "bob") as bob:
        one = await here.generate("One")
        await here.until(lambda: one.text)
        provider.script(tokens=5)
        two, three = await there.generate("Two"), await there.generate("Three")
        assert (await there.frame("ai:queued", request_id=two.request_id))["position"] == 1
        assert (await there.frame("ai:queued", request_id=three.request_id))["position"] == 2
        assert (await bob.ended(await bob.generate("Bob's"))).status == "completed"
        await asyncio.sleep(2.5)  # it is looked for a place again and again, and nobody is told the same again
        queued = [frame for frame in there.frames if frame["type"] == "ai:queued"]
        assert len(queued) <= 2 + 2  # Bob was before them for a moment
        assert len(provider.requests) == 2
        await here.send("ai:cancel", request_id=one.request_id)
        await there.ended(three)
        assert two.status == three.status == "completed"
    assert [call.last_turn[1] for call in provider.requests] == ["One", "Bob's", "Two", "Three"]


async def test_who_waits_for_a_place_elsewhere_can_be_stopped(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=40)
    first, second = start_cluster(2, MAX_GENERATIONS_PER_USER=1)
    async with signed_in(first) as here, signed_in(second) as there:
        one = await here.generate("One")
        await here.until(lambda: one.text)
        two = await there.generate("Two")
        await there.frame("ai:queued", request_id=two.request_id)
        await there.send("ai:cancel", request_id=two.request_id)
        assert (await there.ended(two)).status == "cancelled"
        await here.send("ai:cancel", request_id=one.request_id)
        await here.ended(one)
    assert len(provider.requests) == 1
    assert first.query("SELECT sum(reserved) FROM accounts_usageday") == [(0,)]


async def test_a_minutes_requests_are_counted_over_all_processes(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    provider.script(tokens=3)
    first, second = start_cluster(2)
    first.execute("UPDATE chat_languagemodel SET requests_per_minute = 2 WHERE name = 'scripted'")
    async with signed_in(first) as here, signed_in(second) as there:
        await here.ended(await here.generate("One"))
        await there.ended(await there.generate("Two"))
        for socket in (here, there):
            reader = await socket.generate("One too many")
            assert (await socket.frame("ai:queued", request_id=reader.request_id))["position"] == 1
        assert len(provider.requests) == 2
        first.execute("UPDATE chat_languagemodel SET requests_per_minute = NULL WHERE name = 'scripted'")
        for socket in (here, there):
            for reader in list(socket.readers.values()):
                await socket.ended(reader)


async def test_a_fallback_that_is_full_elsewhere_is_not_asked(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=40, model="other")
    first, second = start_cluster(2, OPENAI_MODELS="scripted,other,last")
    follows = "UPDATE chat_languagemodel SET fallback_id = (SELECT id FROM chat_languagemodel WHERE name = ?)"
    for name, following in (("scripted", "other"), ("other", "last")):
        first.execute(f"{follows} WHERE name = ?", following, name)
    first.execute("UPDATE chat_languagemodel SET max_generations = 1 WHERE name = 'other'")
    async with signed_in(first) as here, signed_in(second) as there:
        one = await here.generate(model="other")
        await here.until(lambda: one.text)
        provider.script(status=529, model="scripted")
        provider.script(tokens=5, model="last")
        two = await there.ended(await there.generate(model="scripted"))
        await here.send("ai:cancel", request_id=one.request_id)
        await here.ended(one)
    assert two.status == "completed"
    assert two.start
    assert two.start["model"] == "last"
    assert [call.model for call in provider.requests] == ["other", "scripted", "last"]


async def test_one_with_many_in_the_queue_does_not_delay_anothers_first_at_another_process(
    start_cluster: StartCluster, provider: ProviderServer
) -> None:
    provider.script(tokens=20, rate=40)
    first, second = start_cluster(2)
    first.execute("UPDATE chat_languagemodel SET max_generations = 1 WHERE name = 'scripted'")
    async with signed_in(first) as alice, signed_in(second, "bob") as bob:
        hers = [await alice.generate(f"Alice {number}") for number in range(12)]
        await alice.until(lambda: any(reader.text for reader in hers))
        his = await bob.generate("Bob")
        await bob.frame("ai:queued", request_id=his.request_id)
        asked = len(provider.requests)
        await bob.ended(his)
        turns = [call.last_turn[1] for call in provider.requests]
        assert turns.index("Bob") <= asked + 1
        for reader in hers:
            await alice.ended(reader)
    assert most_at_once(provider.requests) == 1
