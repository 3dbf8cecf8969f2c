"""A data folder that cannot be written: people are told so, plainly, and what they saw is kept."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.client import open_socket, signed_in
from tests.live.server import ROOT, LiveServer, environment
from tests.provider_server.server import ProviderServer


async def test_a_full_disk_is_said_and_nothing_is_stored(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    server = start_server()
    with server.no_file_grows():
        async with signed_in(server) as socket:
            reader = await socket.generate("x" * 100_000)
            error = await socket.frame("ai:error", request_id=reader.request_id)
    assert error["code"] == "internal"
    assert "disk" in error["message"] or "store" in error["message"]
    assert not provider.requests


async def test_a_journal_that_cannot_be_written_ends_the_answer_with_what_was_seen(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=10_000, rate=200)
    server = start_server()
    socket = await open_socket(server)
    reader = await socket.generate()
    await socket.until(lambda: len(reader.text) > 50)
    with server.no_file_grows():
        await provider.requests[0].aleft()
    await socket.ended(reader)
    await socket.close()
    assert reader.status == "internal"
    assert reader.start
    assert server.message_text(reader.start["message_id"]) == reader.text


@pytest.mark.parametrize("arguments", [["check"], ["migrate"], ["serve"]])
def test_a_folder_that_cannot_be_made_stops_the_start_with_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        cwd=ROOT,
        env=environment(tmp_path / "file" / "data"),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode != 0
    assert "DATA_DIR" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
