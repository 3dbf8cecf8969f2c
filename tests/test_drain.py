"""SIGTERM: running answers end, or go on in the next process; nobody loses a character."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from tests.live.client import open_socket
from tests.live.resuming import resumed
from tests.live.server import ROOT, LiveServer
from tests.ports import free_port
from tests.provider_server.server import ProviderServer
from tests.settings import MODE


async def test_running_answers_end_before_the_process_does(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    script = provider.script(tokens=100, rate=100)
    server = start_server()
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: reader.text)
    ending = asyncio.create_task(asyncio.to_thread(server.terminate))
    draining = await socket.frame("server:draining")
    assert draining["reconnect_after_ms"] >= 0
    await socket.ended(reader)
    assert (reader.text, reader.status) == (script.text, "completed")
    assert await ending == 0
    assert len(provider.requests) == 1


async def test_while_draining_new_requests_are_refused_and_readiness_fails(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=100, rate=100)
    server = start_server()
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: reader.text)
    ending = asyncio.create_task(asyncio.to_thread(server.terminate))
    await socket.frame("server:draining")
    refused = await socket.generate("Too late")
    error = await socket.frame("ai:error", request_id=refused.request_id)
    assert (error["code"], error["retryable"]) == ("draining", True)
    assert await asyncio.to_thread(_status, f"{server.url}/readyz") == 503
    assert await asyncio.to_thread(_status, f"{server.url}/healthz") == 200
    await socket.ended(reader)
    await ending
    assert len(provider.requests) == 1


async def test_what_does_not_end_in_time_goes_on_in_the_next_process(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    script = provider.script(tokens=200, rate=100)
    server = start_server(DRAIN_S=0)
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 50)
    assert await asyncio.to_thread(server.terminate) == 0
    await provider.requests[0].aleft()
    await socket.closed()
    server.start()
    socket = await resumed(server, socket, [reader])
    await socket.ended(reader)
    assert (reader.text, reader.status, reader.starts) == (script.text, "completed", 1)
    await socket.close()


@pytest.mark.skipif(MODE != "sqlite", reason="on PostgreSQL a second process is welcome: test_several_processes.py")
async def test_a_second_process_on_the_same_folder_refuses_to_start(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    second = await asyncio.create_subprocess_exec(
        *server.command(free_port()), cwd=ROOT, env=server.environment(), stdout=asyncio.subprocess.PIPE, stderr=-2
    )
    async with asyncio.timeout(30):
        output, _ = await second.communicate()
    assert second.returncode != 0
    assert b"another Parley process" in output
    assert len(output.splitlines()) == 1


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
