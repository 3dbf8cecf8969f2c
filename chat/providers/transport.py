"""The SDKs' way to a provider: kept connections, on which what is streamed can be taken as it comes."""

import asyncio
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohappyeyeballs
import httpx2

from .http1 import Connection, HungUp, Response

KEPT_S = 30.0
MAX_KEPT = 100
EYEBALLS_S = 0.25  # until the next of a host's addresses is tried beside the one before (RFC 8305)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
BODY = "parley.body"  # the extension of a response that has its ``Body``


def transport_to(base_url: str) -> httpx2.AsyncBaseTransport:
    """A way to the server of this address; through a proxy that the environment names it is the general client's."""
    url = urlsplit(base_url)
    host, proxies = url.hostname or "", getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if proxy and host not in LOOPBACK and not proxy_bypass(host):
        return httpx2.AsyncHTTPTransport(proxy=proxy, limits=httpx2.Limits(max_keepalive_connections=MAX_KEPT))
    return Transport(httpx2.URL(base_url))


class Transport(httpx2.AsyncBaseTransport):
    """To one server. A request takes a kept connection or opens one: how many there are is for whoever asks to say."""

    def __init__(self, url: httpx2.URL) -> None:
        self.url = url
        self._kept: dict[Connection, asyncio.TimerHandle] = {}
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it; once more when a kept connection turns out to have been closed meanwhile.

        That is safe: the provider closed it without a byte of an answer, as it does with idle connections. A new
        connection gets no second try.
        """
        if request.url.netloc != self.url.netloc or request.url.scheme != self.url.scheme:
            raise httpx2.UnsupportedProtocol("another server than the provider's")
        words = _words(request, await request.aread())
        while self._kept:
            kept, timer = self._kept.popitem()
            timer.cancel()
            try:
                return _handed_over(await kept.ask(words))
            except HungUp:
                break
        connection = await self._connect(request.extensions.get("timeout", {}).get("connect"))
        return _handed_over(await connection.ask(words))

    async def aclose(self) -> None:
        for connection in list(self._kept):
            self._forget(connection)
            connection.abort()

    async def _connect(self, within_s: float | None) -> Connection:
        """Raises httpx2.ConnectError and httpx2.ConnectTimeout."""
        try:
            async with asyncio.timeout(within_s):
                return await self._open()
        except TimeoutError as error:
            raise httpx2.ConnectTimeout("no connection in time") from error
        except (OSError, ssl.CertificateError) as error:
            raise httpx2.ConnectError(str(error)) from error

    async def _open(self) -> Connection:
        loop, secure = asyncio.get_running_loop(), self.url.scheme == "https"
        host, port = self.url.host, self.url.port or (443 if secure else 80)
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        reached = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=EYEBALLS_S)
        tls: dict[str, Any] = {"ssl": self._trusted(), "server_hostname": host} if secure else {}
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._keep, self._forget), sock=reached, **tls
            )
        except BaseException:
            reached.close()
            raise
        return connection

    def _trusted(self) -> ssl.SSLContext:
        """Whose certificates are believed; loaded when first needed."""
        if self._tls is None:
            self._tls = httpx2.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    def _keep(self, connection: Connection) -> None:
        if len(self._kept) < MAX_KEPT:
            self._kept[connection] = asyncio.get_running_loop().call_later(KEPT_S, connection.abort)
        else:
            connection.abort()

    def _forget(self, connection: Connection) -> None:
        if timer := self._kept.pop(connection, None):
            timer.cancel()


def _words(request: httpx2.Request, content: bytes) -> bytes:
    """The request as it goes over the wire. Raises httpx2.LocalProtocolError."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [name + b": " + value for name, value in request.headers.raw]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise httpx2.LocalProtocolError("a line break in a header")
    return b"\r\n".join([*lines, b"", content])


def _handed_over(response: Response) -> httpx2.Response:
    return httpx2.Response(
        response.status, headers=response.headers, stream=response.body, extensions={BODY: response.body}
    )
