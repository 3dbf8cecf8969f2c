"""``deploy/nginx.conf`` in the real nginx, in front of real servers."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import pytest

from tests.live.client import Reader, SocketClient
from tests.live.nginx import Nginx, session_cookie, socket_through
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

PASSWORD = "correct horse battery"


@pytest.fixture
def site(start_cluster: Callable[..., list[LiveServer]], tmp_path: Path) -> Iterator[tuple[Nginx, list[LiveServer]]]:
    """nginx and the two processes behind it."""
    proxy = Nginx(tmp_path / "nginx", [])
    servers = start_cluster(2, SITE_URL=proxy.url, TRUSTED_PROXIES=1, DRAIN_S=0)
    proxy.upstreams = [server.port for server in servers]
    with proxy:
        yield proxy, servers


@pytest.fixture
def proxied(site: tuple[Nginx, list[LiveServer]]) -> tuple[Nginx, LiveServer]:
    """nginx, and one of the two for what is the same in both."""
    proxy, servers = site
    return proxy, servers[0]


def browser(proxy: Nginx, **headers: str) -> aiohttp.ClientSession:
    """A client that keeps cookies and knows the certificate."""
    connector = aiohttp.TCPConnector(ssl=proxy.tls)
    return aiohttp.ClientSession(
        proxy.url, connector=connector, headers=headers, timeout=aiohttp.ClientTimeout(20), cookie_jar=jar()
    )


def jar() -> aiohttp.CookieJar:
    return aiohttp.CookieJar(unsafe=True)  # cookies of an address, too


async def test_signing_in(proxied: tuple[Nginx, LiveServer]) -> None:
    proxy, _server = proxied
    async with browser(proxy, Referer=f"{proxy.url}/accounts/login/") as client:
        async with client.get("/accounts/login/") as page:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', await page.text())
            assert token
        form = {"login": "alice@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        async with client.post("/accounts/login/", data=form, allow_redirects=False) as done:
            assert done.status == 302
            cookie = done.cookies["__Host-sessionid"]
            assert cookie["secure"] and cookie["httponly"]
        async with client.get("/") as home:
            assert home.status == 200
            assert "strict-transport-security" in home.headers
        proof = {"csrfmiddlewaretoken": done.cookies["__Host-csrftoken"].value}
        async with client.post("/settings/sessions/others/end/", data=proof, allow_redirects=False) as ended:
            assert ended.cookies["__Host-messages"]["secure"]
        given = {cookie.key for cookie in client.cookie_jar}
        assert given == {"__Host-sessionid", "__Host-csrftoken", "__Host-messages"}


async def test_plain_http_is_sent_to_https(proxied: tuple[Nginx, LiveServer]) -> None:
    proxy, _server = proxied
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{proxy.plain_port}/c/x?y", allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["location"]) == (301, "https://127.0.0.1/c/x?y")


async def test_an_answer_over_a_socket(proxied: tuple[Nginx, LiveServer], provider: ProviderServer) -> None:
    proxy, server = proxied
    script = provider.script(tokens=20)
    tab = await socket_through(proxy, server)
    reader = await tab.ended(await tab.generate())
    assert reader.text == script.text
    await tab.close()


async def test_an_event_stream_is_not_buffered(proxied: tuple[Nginx, LiveServer], provider: ProviderServer) -> None:
    """The first words are here while the provider is still silent about the rest."""
    proxy, server = proxied
    provider.script(tokens=("First ", "second "), ending="silence", after=1)
    async with (
        browser(proxy, Cookie=session_cookie(server, "alice")) as client,
        client.post("/api/chat", json={"prompt": "Hello"}) as answer,
    ):
        assert answer.status == 200
        async for line in answer.content:
            if b"First" in line:
                break
        assert provider.requests[0].ended_at is None


async def test_a_body_that_is_too_large(proxied: tuple[Nginx, LiveServer]) -> None:
    """Refused by its length, before any of it is read."""
    proxy, _server = proxied
    address = ("127.0.0.1", proxy.port)
    reader, writer = await asyncio.open_connection(*address, ssl=proxy.tls)
    head = f"POST /api/chat HTTP/1.1\r\nHost: {proxy.url[8:]}\r\nContent-Length: {52 * 1024**2}\r\n\r\n"
    writer.write(head.encode())
    assert (await asyncio.wait_for(reader.readline(), 10)).split()[1] == b"413"
    writer.close()


async def test_nobody_loses_anything_when_a_process_stops(
    site: tuple[Nginx, list[LiveServer]], provider: ProviderServer
) -> None:
    """Half of the people are on it; its answers go on in the other process, and so does everybody."""
    proxy, servers = site
    script = provider.script(tokens=200, rate=50)
    tabs = [await socket_through(proxy, servers[0]) for _ in range(4)]
    readers = [await tab.generate(f"Question {number}") for number, tab in enumerate(tabs)]
    for tab, reader in zip(tabs, readers, strict=True):
        await tab.until(lambda reader=reader: reader.text)
    stopping = asyncio.create_task(asyncio.to_thread(servers[0].terminate))
    await asyncio.gather(*(to_the_end(proxy, servers[0], *pair) for pair in zip(tabs, readers, strict=True)))
    assert await stopping == 0
    assert [(reader.text, reader.status) for reader in readers] == [(script.text, "completed")] * 4
    assert len(provider.requests) > 4, "nothing was taken over: nobody was on the process that stopped"


async def to_the_end(proxy: Nginx, server: LiveServer, tab: SocketClient, reader: Reader) -> None:
    """Do as a browser does: come back whenever the connection is lost, and go on from the cursor."""
    while True:
        ended = asyncio.create_task(until_the_end(tab, reader))
        lost = asyncio.create_task(tab.connection.wait_closed())
        await asyncio.wait([ended, lost], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        lost.cancel()
        if reader.end:
            await tab.close()
            return
        tab = await socket_through(proxy, server, readers=tab.readers)
        await tab.connection.send(json.dumps(reader.resume_frame()))


async def until_the_end(tab: SocketClient, reader: Reader) -> None:
    async with asyncio.timeout(60), tab.news:
        await tab.news.wait_for(lambda: reader.end)


async def test_measurements_are_not_for_the_outside(proxied: tuple[Nginx, LiveServer]) -> None:
    proxy, _server = proxied
    async with browser(proxy) as client, client.get("/metrics") as answer:
        assert answer.status == 404


class Echo(BaseHTTPRequestHandler):
    """A server that answers with the headers it was sent."""

    def do_GET(self) -> None:
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


async def test_the_server_hears_one_address_whatever_the_client_claims(tmp_path: Path) -> None:
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    with Nginx(tmp_path / "nginx", [upstream.server_address[1]]) as proxy:
        connector = aiohttp.TCPConnector(ssl=proxy.tls, local_addr=("127.0.0.5", 0))
        forged = {"X-Forwarded-For": "10.9.8.7, 10.6.5.4", "X-Forwarded-Proto": "http", "Forwarded": "for=10.9.8.7"}
        async with (
            aiohttp.ClientSession(proxy.url, connector=connector, headers=forged) as client,
            client.get("/") as answer,
        ):
            heard = [(name.lower(), value) for name, value in await answer.json(content_type=None)]
    upstream.shutdown()
    upstream.server_close()
    forwarded = [entry for entry in heard if "forwarded" in entry[0]]
    assert sorted(forwarded) == [("x-forwarded-for", "127.0.0.5"), ("x-forwarded-proto", "https")]
    assert ("host", proxy.url.removeprefix("https://")) in heard
