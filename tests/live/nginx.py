"""The real nginx with the configuration people deploy, on private ports."""

import os
import re
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Self

from websockets.asyncio.client import connect

from tests.ports import free_port

from .client import Reader, SocketClient
from .server import ROOT, LiveServer

NGINX = "/usr/sbin/nginx"
START_TIMEOUT_S = 30
AROUND = """
{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{site}
}}
"""


class Nginx:
    """``with Nginx(folder, ports) as proxy``: ``deploy/nginx.conf`` in front of servers on these ports."""

    def __init__(self, folder: Path, upstreams: list[int]) -> None:
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate = folder / "certificate.pem"
        self.upstreams = upstreams
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_certificate()
        # Otherwise root's workers become somebody who may not enter the test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(AROUND.format(user=user, site=self._site()))
        self.check()
        self._process = subprocess.Popen(self._command)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def check(self) -> None:
        """What ``nginx -t`` says; raises CalledProcessError."""
        subprocess.run([*self._command, "-t", "-q"], check=True)

    @property
    def tls(self) -> ssl.SSLContext:
        """For clients that know the certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))

    @property
    def _command(self) -> list[str]:
        return [NGINX, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]

    def _site(self) -> str:
        """The deployed text with this machine's ports and certificate in it."""
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        text = re.sub(r"\n *listen \[::\]:.*", "", text)
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.plain_port};")
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl")
        text = re.sub(r"(ssl_certificate +).*", rf"\1{self.certificate};", text)
        text = re.sub(r"(ssl_certificate_key +).*", rf"\1{self.folder / 'key.pem'};", text)
        servers = "".join(f"    server 127.0.0.1:{port} max_fails=2 fail_timeout=2s;\n" for port in self.upstreams)
        text, changed = re.subn(r"(    server 127\.0\.0\.1:800\d max_fails=2 fail_timeout=2s;\n)+", servers, text)
        assert changed == 1
        return text

    def _make_certificate(self) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"]
        name = ["-subj", "/CN=chat.example.org", "-addext", "subjectAltName=IP:127.0.0.1"]
        command = ["openssl", "req", "-x509", "-days", "2", *key, *name, "-out", self.certificate.name]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _listens(self.port):
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("nginx did not start; its reason is above")
            time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def socket_through(
    proxy: Nginx, server: LiveServer, name: str = "alice", readers: dict[str, Reader] | None = None
) -> SocketClient:
    """A socket over TLS, to whichever server the proxy chooses."""
    url = proxy.url.replace("https", "wss") + "/ws/chat/"
    headers = {"Cookie": session_cookie(server, name), "Origin": proxy.url}
    connection = await connect(
        url, ssl=proxy.tls, additional_headers=headers, max_size=None, compression=None, ping_interval=None
    )
    return SocketClient(connection, {} if readers is None else readers)


def session_cookie(server: LiveServer, name: str) -> str:
    """As a site with HTTPS names it."""
    return f"__Host-{server.cookies(name)}"
