"""One client's connection to a provider server: requests in, scripted answers out."""

import asyncio
import socket
import struct
import time
from typing import TYPE_CHECKING, cast

import msgspec

from .answering import Answer
from .recording import Leaving, Recording
from .wire import AnthropicWire, OpenAIWire, Wire, encode, models_page

if TYPE_CHECKING:
    from .server import ProviderServer

WIRES: dict[str, Wire] = {"/v1/chat/completions": OpenAIWire(), "/v1/messages": AnthropicWire()}


class Connection(asyncio.Protocol):
    """HTTP/1.1 with bodies by Content-Length; one request at a time."""

    transport: asyncio.Transport

    def __init__(self, server: "ProviderServer") -> None:
        self.server, self.number = server, next(server.connection_ids)
        self.recording: Recording | None = None
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._writable, self._gone = asyncio.Event(), asyncio.Event()
        self._writable.set()

    @property
    def idle(self) -> bool:
        return self._task is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        peer: socket.socket = transport.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.connections.add(self)

    def eof_received(self) -> bool:
        self._left("closed")
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._left("reset" if error else "closed")
        self.server.connections.discard(self)
        self._gone.set()
        self._writable.set()
        if self._task:
            self._task.cancel()

    def _left(self, how: Leaving) -> None:
        if self.recording:
            self.recording.leave(time.monotonic(), how)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._next_request()

    def _next_request(self) -> None:
        """Answer the request that has arrived whole, when there is one and none is being answered."""
        end = self._received.find(b"\r\n\r\n")
        if self._task or end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        whole = end + 4 + int(headers.get("content-length", 0))
        if len(self._received) < whole:
            return
        body = bytes(self._received[end + 4 : whole])
        del self._received[:whole]
        method, path, _ = first.split(" ", 2)
        self._task = asyncio.ensure_future(self._answer(method, path.partition("?")[0], headers, body))

    async def _answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        at = time.monotonic()
        try:
            body = msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError:
            body = raw.decode("latin-1")
        keep = True
        if method == "POST" and path in WIRES:
            self.recording = Recording(method, path, headers, body, self.number, at)
            self.recording.script = self.server.script_for(self.recording)
            self.server.record(self.recording)
            keep = await Answer(self, self.recording, WIRES[path]).play()
        else:
            await self._look_up(Recording(method, path, headers, body, self.number, at))
        self._task = None
        if keep:
            self._next_request()
        else:
            self.close()

    async def _look_up(self, recording: Recording) -> None:
        method, path, server = recording.method, recording.path, self.server
        answer = server.control(method, path, recording.body)
        if answer is not None:
            self._respond("200 OK", encode(answer))
            return
        if (method, path) == ("POST", "/v1/moderations"):
            await self._moderate(recording)
            return
        server.record(recording)
        await asyncio.sleep(server.lookup_delay_s)
        found: bytes | None = None
        if (method, path) == ("GET", "/v1/models"):
            anthropic = "anthropic-version" in recording.headers
            found = server.models_body or models_page(server.models, anthropic=anthropic)
        elif server.is_ollama and path in ("/", "/api/version"):
            found = b"Ollama is running" if path == "/" else encode({"version": "0.9.0"})
        self._respond("200 OK" if found else "404 Not Found", found or b"{}")

    async def _moderate(self, recording: Recording) -> None:
        server = self.server
        server.moderations.append(recording)
        await asyncio.sleep(server.moderation_delay_s)
        if server.moderation_body is not None:
            self._respond(server.moderation_status, server.moderation_body)
            return
        asked = recording.body["input"]
        results = [server.moderated(text) for text in (asked if isinstance(asked, list) else [asked])]
        body = {"id": "modr-1", "model": recording.body.get("model", "omni-moderation-latest"), "results": results}
        self._respond(server.moderation_status, encode(body))

    def _respond(self, status: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.write(head.encode() + body)

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    async def drained(self) -> None:
        """Wait while the socket's buffer is full; always lets other tasks run."""
        await asyncio.sleep(0)
        await self._writable.wait()

    async def gone(self) -> None:
        """Wait until the client has left."""
        await self._gone.wait()

    def close(self) -> None:
        self.transport.close()

    def reset(self) -> None:
        """Close so that the client sees a reset (RST), whatever it has not read yet."""
        peer: socket.socket = self.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def abort(self) -> None:
        """The server goes away: this is not the client leaving."""
        if self.recording and self.recording.ended_at is None:
            self.recording.end(time.monotonic(), complete=False)
        self.transport.abort()
