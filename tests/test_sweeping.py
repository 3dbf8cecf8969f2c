"""Journals that nobody needs any more are forgotten; those of answers that wait or run are never touched."""

import asyncio
import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import User
from chat import asking
from chat.generating.sweeping import DRAFT_S, sweep
from chat.models import Generation, LanguageModel
from chat.protocol import Generate
from tests.live.client import signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


@pytest.fixture
def generation(alice: User) -> Generation:
    LanguageModel.objects.create(name="demo", provider="demo", context_window=8000, max_output_tokens=1000)
    return asking.ask(alice, Generate(request_id=uuid.uuid4(), prompt="Hello")).generation


def journal(folder: Path, key: object, ending: str = "jsonl") -> Path:
    path = folder / f"{key}.{ending}"
    path.write_text("{}\n")
    return path


def test_only_those_of_active_answers_stay(generation: Generation, tmp_path: Path) -> None:
    mine, unknown, foreign = [journal(tmp_path, key) for key in (generation.pk, uuid.uuid4(), "notes")]
    sweep(tmp_path)
    assert [path.exists() for path in (mine, unknown, foreign)] == [True, False, True]
    assert generation.claim(uuid.uuid4(), "demo")
    sweep(tmp_path)
    assert mine.exists()
    assert generation.finish(status=Generation.Status.COMPLETED)
    sweep(tmp_path)
    assert not mine.exists()


def test_a_copy_that_was_never_finished_is_forgotten_later(db: None, tmp_path: Path) -> None:
    fresh, old = [journal(tmp_path, uuid.uuid4(), "part") for _ in range(2)]
    long_ago = old.stat().st_mtime - DRAFT_S - 1
    os.utime(old, (long_ago, long_ago))
    sweep(tmp_path)
    assert [path.exists() for path in (fresh, old)] == [True, False]


def test_without_a_folder_there_is_nothing_to_do(db: None, tmp_path: Path) -> None:
    sweep(tmp_path / "journal")


async def test_a_process_on_postgresql_sweeps_when_it_starts(
    start_cluster: Callable[..., list[LiveServer]], provider: ProviderServer
) -> None:
    """And leaves what another process writes at this moment."""
    provider.script(tokens=10_000, rate=40)
    first, second = start_cluster(2)
    second.terminate()
    async with signed_in(first) as socket:
        reader = await socket.generate()
        await socket.until(lambda: reader.text)
        [mine] = (first.data_dir / "journal").glob("*.jsonl")
        left = journal(first.data_dir / "journal", uuid.uuid4())
        await asyncio.to_thread(second.start)
        async with asyncio.timeout(30):
            while left.exists():
                await asyncio.sleep(0.05)
        assert mine.exists()
        await socket.send("ai:cancel", request_id=reader.request_id)
        await socket.ended(reader)
