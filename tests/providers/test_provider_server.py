"""The scriptable provider itself, as a process of its own."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.providers.openai import OpenAIProvider
from tests.provider_server import ProviderServer, Script

from .reading import finish, prompt, read, text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def process_url() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.provider_server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(5)
    process.stdout.close()


def control(method: str, url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5) as response:
        return json.load(response)


async def test_a_process_is_scripted_and_questioned_over_http(process_url: str) -> None:
    control("PUT", f"{process_url}/script", {"script": {"tokens": ["a", "b"]}})
    provider = OpenAIProvider(base_url=f"{process_url}/v1")
    assert text(await read(provider)) == "ab"
    assert text(await read(provider, prompt(model="tokens=3,ending=close"))) == Script(tokens=3).text
    await provider.aclose()
    first, second = control("GET", f"{process_url}/requests")
    assert (first["text"], first["complete"], second["complete"]) == ("ab", True, False)
    assert first["body"]["model"] == "scripted"
    control("DELETE", f"{process_url}/requests")
    assert control("GET", f"{process_url}/requests") == []


async def test_scripts_for_a_model_and_for_the_next_request(
    openai: OpenAIProvider, provider_server: ProviderServer
) -> None:
    provider_server.script(tokens=("all",))
    provider_server.script(tokens=("own",), model="special")
    provider_server.script_next(tokens=("next",))
    models = ["scripted", "scripted", "special"]
    assert [text(await read(openai, prompt(model=model))) for model in models] == ["next", "all", "own"]


async def test_it_records_what_it_sent(openai: OpenAIProvider, provider_server: ProviderServer) -> None:
    provider_server.script(tokens=("a", "b", "c"))
    assert finish(await read(openai)) == "stop"
    request = provider_server.requests[0]
    assert [piece.text for piece in request.sent] == ["a", "b", "c"]
    assert request.at <= request.sent[0].at <= request.sent[-1].at
    async with asyncio.timeout(10):
        while not request.complete:  # noted by the server's thread, after the last byte has left
            await asyncio.sleep(0.01)
    assert request.left_at is None


def test_an_answer_goes_on_after_its_prefix() -> None:
    script = Script(tokens=("One", " two"))
    assert ["".join(script.pieces_after("One two"[:cut])) for cut in (0, 2, 3, 7)] == ["One two", "e two", " two", ""]
    assert script.pieces_after("Other") == ("One", " two")
