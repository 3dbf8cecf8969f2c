"""``python -m bench.autobahn WSTEST``: the Autobahn suite's fuzzing client against the server's sockets, with an echo
behind them and with the chat; what it finds is kept in ``docs/autobahn.json``."""

import asyncio
import contextlib
import json
import socket
import struct
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.live.server import PEOPLE, ROOT, LiveServer, prepare
from tests.ports import free_port

RESULTS = ROOT / "docs" / "autobahn.json"
FRAMING = [f"{category}.*" for category in (1, 2, 3, 4, 5, 6, 7, 10)]
LIMITS = ["9.*", "12.*", "13.*"]
TEXT = 0x1


class Door:
    """In front of the chat: shows the suite in as somebody who is signed in, and keeps back what the chat says of its
    own accord, for the suite takes any text for an echo."""

    def __init__(self, server: LiveServer) -> None:
        self.port = free_port()
        self._server = server
        self._ticket = f"Cookie: {server.cookies('alice')}\r\nOrigin: {server.url}\r\n".encode()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with await asyncio.start_server(self._show_in, "127.0.0.1", self.port):
            yield

    async def _show_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            far_writer.write(await reader.readuntil(b"\r\n") + self._ticket)
            await asyncio.gather(_pass(reader, far_writer), _pass_without_text(far_reader, writer))
        for one in (writer, far_writer):
            one.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def _pass_without_text(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Frames of a server, which are whole and not masked."""
    writer.write(await reader.readuntil(b"\r\n\r\n"))
    while head := await reader.read(1):
        size = await reader.readexactly(1)
        longer = {126: 2, 127: 8}.get(size[0])
        more = await reader.readexactly(longer) if longer else b""
        length = struct.unpack("!H" if longer == 2 else "!Q", more)[0] if longer else size[0]
        payload = await reader.readexactly(length)
        if head[0] & 0xF != TEXT:
            writer.write(head + size + more + payload)
    writer.write_eof()


async def fuzz(wstest: str, name: str, url: str, cases: list[str]) -> dict[str, Any]:
    """What the suite says of each case."""
    with tempfile.TemporaryDirectory() as folder:
        servers = [{"agent": name, "url": url}]
        spec: dict[str, Any] = {"servers": servers, "outdir": folder, "cases": cases}
        spec |= {"exclude-cases": [], "exclude-agent-cases": {}}
        (Path(folder) / "spec.json").write_text(json.dumps(spec))
        command = [wstest, "-m", "fuzzingclient", "-s", f"{folder}/spec.json"]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        await process.wait()
        found: dict[str, Any] = json.loads((Path(folder) / "index.json").read_text())[name]
    return found


async def with_an_echo(wstest: str) -> dict[str, Any]:
    port = free_port()
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.echo", str(port), cwd=ROOT)
    try:
        await _listening(port)
        return await fuzz(wstest, "echo", f"ws://127.0.0.1:{port}/", FRAMING + LIMITS)
    finally:
        server.kill()
        await server.wait()


async def with_the_chat(wstest: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        people = await asyncio.to_thread(prepare, Path(folder), PEOPLE)
        with LiveServer(Path(folder), people, Path(folder)) as server:
            door = Door(server)
            async with door.open():
                return await fuzz(wstest, "chat", f"ws://127.0.0.1:{door.port}/ws/chat/", FRAMING)


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            await asyncio.sleep(0.1)


def line(found: dict[str, Any]) -> str:
    """How a case went, how it was closed, and the server's close code."""
    return f"{found['behavior']}, {found['behaviorClose']}, {found['remoteCloseCode'] or 'no code'}"


def order(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]


async def main(wstest: str) -> None:
    runs = {"echo": await with_an_echo(wstest), "chat": await with_the_chat(wstest)}
    kept = {name: {case: line(run[case]) for case in sorted(run, key=order)} for name, run in runs.items()}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
