"""The network between a browser and the server, with a hand on the cable."""

import asyncio
from contextlib import suppress
from typing import Self

UPGRADE = b"\r\nupgrade: websocket\r\n"


class Wire:
    """Forwards one loopback port to another; can cut what is connected, and refuse what would connect."""

    def __init__(self, target_port: int, port: int) -> None:
        self.target_port = target_port
        self.port = port
        self.connected = True
        self.sockets = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.unplug()
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()

    def cut(self) -> None:
        """Every connection breaks off without a goodbye; new ones are let through."""
        for writer in list(self._writers):
            writer.transport.abort()

    def unplug(self) -> None:
        self.connected = False
        self.cut()

    def plug_in(self) -> None:
        self.connected = self.sockets = True

    def block_sockets(self) -> None:
        """From now on it is a proxy that knows nothing of WebSockets; those there are break off."""
        self.sockets = False
        self.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.connected:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._forward(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if not self.sockets and UPGRADE in data.lower():
                    break
                sink.write(data)
                await sink.drain()
        with suppress(OSError):
            sink.close()
        self._writers.discard(sink)
