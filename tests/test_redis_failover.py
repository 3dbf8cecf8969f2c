"""Redis as it is run elsewhere: over TLS, with a user of its own, and with another server that takes its place."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from config import redis
from tests.chaos.relay import Relay
from tests.live.certificate import Certificate, make_certificate
from tests.live.client import SocketClient, signed_in
from tests.live.redis import RedisServer
from tests.live.server import LiveServer
from tests.ports import free_port
from tests.provider_server.server import ProviderServer

RIGHTS = "on >s3cret ~parley:* &parley:* +@all -@admin -@dangerous +info"  # as docs/operations.md has it


class Pair(NamedTuple):
    """Two servers, the second a copy of the first, and the address that leads to the one that is in charge."""

    first: RedisServer
    second: RedisServer
    ports: tuple[int, int]
    line: Relay
    certificate: Certificate

    @property
    def url(self) -> str:
        return self.url_for("parley:s3cret")

    def url_for(self, login: str, authority: Path | None = None) -> str:
        authority = authority or self.certificate.authority
        return f"rediss://{login}@127.0.0.1:{self.line.port}/0?ssl_ca_certs={authority}"

    async def fail_over(self, *, hard: bool) -> None:
        """The second takes over. ``hard``: the first is gone; else it only writes no more, and cuts nobody off."""
        self.second.client.replicaof("no", "one")
        self.line.target = self.ports[1]
        if hard:
            self.first.kill()
            self.line.cut()
        else:
            self.first.client.replicaof("127.0.0.1", "1")


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    certificate = make_certificate(tmp_path)
    ports = free_port(), free_port()
    plain = free_port()
    servers = []
    with contextlib.ExitStack() as stack:
        for number, port in enumerate(ports):
            folder = tmp_path / f"redis-{number}"
            folder.mkdir()
            options = ["--tls-port", str(port), "--tls-auth-clients", "no", "--tls-cert-file", certificate.certificate]
            options += ["--tls-key-file", certificate.key, "--tls-ca-cert-file", certificate.authority]
            options += ["--user", "parley", *RIGHTS.split(), "--bind", "127.0.0.1"]
            options += ["--port", str(plain)] if number == 0 else []
            servers.append(stack.enter_context(RedisServer(folder, *map(str, options))))
        first, second = servers
        await asyncio.to_thread(second.client.replicaof, "127.0.0.1", str(plain))
        line = Relay(ports[0])
        await line.start()
        try:
            yield Pair(first, second, ports, line, certificate)
        finally:
            await line.stop()


@contextlib.asynccontextmanager
async def at_both(servers: list[LiveServer]) -> AsyncIterator[tuple[SocketClient, SocketClient]]:
    async with signed_in(servers[0]) as here, signed_in(servers[1]) as there:
        yield here, there


def refusals(servers: list[LiveServer]) -> list[str]:
    """Where Redis let a process do less than it wants to."""
    words = ("permission", "certificate", "authentication", "WRONGPASS")
    return [line for server in servers for line in server.output if any(word in line for word in words)]


@pytest.mark.parametrize("hard", [True, False], ids=["gone", "demoted"])
async def test_answers_go_on_when_another_server_takes_its_place(
    start_cluster: Callable[..., list[LiveServer]], provider: ProviderServer, pair: Pair, *, hard: bool
) -> None:
    script = provider.script(tokens=400, rate=50)
    servers = await asyncio.to_thread(start_cluster, 2, REDIS_URL=pair.url)
    async with at_both(servers) as (here, there):
        reader = await here.generate()
        await here.until(lambda: reader.text)
        assert reader.start
        await there.send("conversation:open", conversation_id=reader.start["conversation_id"])
        seen = there.reader(reader.request_id)
        await there.until(lambda: len(seen.text) > 100)
        assert refusals(servers) == []
        await pair.fail_over(hard=hard)
        async with asyncio.timeout(20):
            while not [key for key in pair.second.client.keys("parley:*:log:*") if pair.second.client.ttl(key) > 60]:
                await asyncio.sleep(0.05)
        at = len(seen.text)
        await there.until(lambda: len(seen.text) > at + 50)
        await asyncio.gather(here.ended(reader), there.ended(seen))
        assert seen.text == reader.text == script.text
        assert reader.starts == 1
        assert refusals(servers) == []
        await until_stopped_from_the_other(here, there, provider)


async def until_stopped_from_the_other(here: SocketClient, there: SocketClient, provider: ProviderServer) -> None:
    """A hint goes from one process to the other, over the new server."""
    provider.script(tokens=10_000, rate=50)
    reader = await here.generate()
    await here.until(lambda: reader.text)
    await there.send("ai:cancel", request_id=reader.request_id)
    await here.ended(reader)
    assert reader.status == "cancelled"


async def test_what_cannot_be_trusted_or_is_refused_is_said(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = make_certificate(tmp_path / "other").authority

    async def said(url: str) -> str:
        return await asyncio.to_thread(redis.examine, url)

    assert await said(pair.url) == ""
    assert "certificate verify failed" in await said(pair.url_for("parley:s3cret", stranger))
    assert await said(pair.url_for("parley:wrong")) == "Redis refuses the name or the password in REDIS_URL."
    assert "s3cret" not in await said(pair.url_for("parley:s3cret", stranger))
