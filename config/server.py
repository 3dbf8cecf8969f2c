"""The production server: uvicorn in this process, with a drain before it goes away."""

import asyncio
import gc
import resource
import socket
import sys
import threading
from types import FrameType

import uvicorn
from asgiref.sync import sync_to_async
from django.conf import settings

from accounts.models import SetupLink

from .page_connection import PageConnection
from .socket_connection import SocketConnection

SEND_BUFFER_BYTES = 256 * 1024
FRAME_BYTES = 1024 * 1024
BACKLOG = 2048
CLOSING_S = 5
COLLECT_AFTER = (10_000, 20, 50)  # objects, then generations: the defaults walk the heap a hundred times as often
# Each write to a socket lets go of the interpreter; a database thread then keeps it for this long, while tokens wait.
SWITCH_INTERVAL_S = 0.0002

draining = threading.Event()  # set once, when this process is going away


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Its send buffer, inherited by each connection, is what a client that reads nothing costs."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listening.bind(address)
    listening.listen(BACKLOG)
    return listening


def adopt(descriptor: int) -> socket.socket:
    """A listening socket that a supervisor opened (``--fd``)."""
    listening = socket.socket(fileno=descriptor)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return listening


def config() -> uvicorn.Config:
    return uvicorn.Config(
        "config.asgi:application",
        loop="uvloop",
        http=PageConnection,
        ws=SocketConnection,
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=30,
        ws_ping_timeout=10,
        ws_per_message_deflate=False,  # tokens are small: compression costs more than it saves
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # Django reads them, as far as TRUSTED_PROXIES says
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=CLOSING_S,
    )


def greeting() -> str:
    """What the operator reads. The link is made only now: a start that failed must not end the one in use."""
    ready = f"{settings.SITE_NAME} is ready at {settings.SITE_URL}"
    if path := SetupLink.objects.renew():
        return f"{ready}\nNo admin yet. This link creates the first one, once:\n\n  {settings.SITE_URL}{path}\n"
    return ready


def open_many_files() -> None:
    """As many connections as the system lets us: the usual 1,024 are for interactive programs."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Server(uvicorn.Server):
    """Says when it is ready; on a signal lets running answers end before connections are closed."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        from chat import generating, measuring

        try:
            process = await generating.started()
        except generating.DataInUse as error:
            sys.exit(str(error))
        process.spawn(measuring.watch_the_loop())
        await super().startup(sockets)
        open_many_files()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be walked again
        gc.set_threshold(*COLLECT_AFTER)
        print(await sync_to_async(greeting)(), flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        draining.set()
        await self._drain()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        """Let running answers end, as long as nobody insists; still answering whoever asks for readiness."""
        from chat import generating

        drain = asyncio.create_task(generating.current().drain(settings.DRAIN_S))
        while not drain.done() and not self.force_exit:
            await asyncio.wait([drain], timeout=0.1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second one ends at once. Neither is raised again: a drained exit is 0."""
        self.force_exit = self.should_exit
        self.should_exit = True
