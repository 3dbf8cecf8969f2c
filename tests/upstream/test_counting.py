"""What a provider says that it has counted, and how its bytes are cut."""

from typing import Any

import pytest

from tests.live.client import SocketClient
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer
from tests.upstream.answers import answered, end

ABSURD = [
    {"prompt_tokens": -5, "completion_tokens": -1},
    {"prompt_tokens": 0, "completion_tokens": 0},
    {"prompt_tokens": 10**12, "completion_tokens": 10**12},
    {"prompt_tokens": 2**31 - 1, "completion_tokens": 20},
    {"prompt_tokens": 20, "completion_tokens": 10**400},
    {"prompt_tokens": "many", "completion_tokens": None},
    {"prompt_tokens": 12.5, "completion_tokens": True},
    {"prompt_tokens": [1], "completion_tokens": {"a": 1}},
    {},
]


@pytest.mark.parametrize("usage", ["missing", *ABSURD], ids=lambda usage: str(usage)[:60])
async def test_counts_that_cannot_be_believed_are_replaced_by_ours(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, usage: Any
) -> None:
    script = provider.script(tokens=30, usage=usage)
    reader = await answered(hasty, socket)
    counted = end(reader)["usage"]
    assert (reader.text, reader.status) == (script.text, "completed")
    assert counted["estimated"] is True
    assert 15 <= counted["output_tokens"] <= 90
    assert 1 <= counted["input_tokens"] <= 200
    assert counted["cached_input_tokens"] == 0


async def test_a_count_that_can_be_believed_is_the_providers(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    usage = {"prompt_tokens": 21, "completion_tokens": 31, "prompt_tokens_details": {"cached_tokens": 7}}
    provider.script(tokens=30, usage=usage)
    counted = end(await answered(hasty, socket))["usage"]
    assert counted == {"input_tokens": 21, "output_tokens": 31, "cached_input_tokens": 7, "estimated": False}


@pytest.mark.parametrize("model", ["scripted", "claude"])
@pytest.mark.parametrize("packet_bytes", [1, 5])
async def test_characters_split_between_packets_arrive_whole(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str, packet_bytes: int
) -> None:
    script = provider.script(
        tokens=("Grüße ", "aus ", "東京", " 😀👩‍👩‍👧", "\n\u2028", "Ende"), packet_bytes=packet_bytes
    )
    reader = await answered(hasty, socket, model=model)
    assert (reader.text, reader.status) == (script.text, "completed")
