"""Titles: the first words at once, then what the model thinks of, unless the owner has said something."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat.generating.titling import clean
from chat.models import Conversation
from tests.live.client import Reader, SocketClient, signed_in
from tests.live.forms import submit
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

Start = Callable[..., LiveServer]
PROMPT = "Please tell me which animals have scales"


@pytest.fixture
def server(start_server: Start) -> LiveServer:
    return start_server(AUTO_TITLE=1)


async def answered(socket: SocketClient, **fields: Any) -> tuple[Reader, str]:
    """An answer that has ended, and its conversation."""
    reader = await socket.ended(await socket.generate(PROMPT, **fields))
    assert reader.start is not None
    return reader, str(reader.start["conversation_id"])


def title(server: LiveServer, conversation: str) -> str:
    [(found,)] = server.query("SELECT title FROM chat_conversation WHERE id = ?", uuid.UUID(conversation).hex)
    return str(found)


def states(server: LiveServer) -> list[str]:
    return [state for (state,) in server.query("SELECT state FROM accounts_reservation ORDER BY created_at")]


async def settled(server: LiveServer, *expected: str) -> None:
    """Wait until the reservations are in these states."""
    async with asyncio.timeout(10):
        while states(server) != list(expected):
            await asyncio.sleep(0.05)


async def test_the_model_gives_a_title_after_the_first_answer_and_it_is_charged(
    server: LiveServer, provider: ProviderServer
) -> None:
    provider.script_next(tokens=("Pangolins",))
    provider.script_next(tokens=('"Animals ', 'with scales."\n', "More of it"))
    async with signed_in(server) as socket:
        _, conversation = await answered(socket)
        await socket.frame("conversation:updated", conversation_id=conversation, change="renamed")
        assert title(server, conversation) == "Animals with scales"
        await settled(server, "settled", "settled")
        asked = provider.requests[1].body
        assert PROMPT in str(asked["messages"]) and "Pangolins" in str(asked["messages"])
        assert asked.get("max_completion_tokens", asked.get("max_tokens")) <= 64


async def test_it_is_asked_for_once(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=("Words",))
    async with signed_in(server) as socket:
        _, conversation = await answered(socket)
        await socket.frame("conversation:updated", conversation_id=conversation, change="renamed")
        await answered(socket, conversation_id=conversation)
        await settled(server, "settled", "settled", "settled")
    assert len(provider.requests) == 3


async def test_the_first_words_stay_when_the_provider_fails(server: LiveServer, provider: ProviderServer) -> None:
    provider.script_next(tokens=("Pangolins",))
    provider.script_next(status=400)
    async with signed_in(server) as socket:
        _, conversation = await answered(socket)
        await settled(server, "settled", "released")
        assert title(server, conversation) == PROMPT


async def test_a_persons_own_title_is_not_overwritten(server: LiveServer, provider: ProviderServer) -> None:
    provider.script_next(tokens=("Pangolins",))
    provider.script_next(tokens=("From the model",), first_token_delay_s=1.5)
    async with signed_in(server) as socket:
        _, conversation = await answered(socket)
        assert await submit(server, "alice", f"/conversations/{conversation}/title/", title="Mine") == 204
        await settled(server, "settled", "settled")
        assert title(server, conversation) == "Mine"


async def test_without_tokens_left_there_is_no_call(start_server: Start, provider: ProviderServer) -> None:
    server = start_server(AUTO_TITLE=1, DAILY_TOKEN_BUDGET=1000)
    provider.script(tokens=("Pangolins",), usage={"prompt_tokens": 500, "completion_tokens": 495})
    async with signed_in(server) as socket:
        _, conversation = await answered(socket)
    await asyncio.to_thread(server.terminate)
    assert len(provider.requests) == 1
    assert states(server) == ["settled"]
    assert title(server, conversation) == PROMPT


async def test_a_drain_does_not_wait_for_a_title(server: LiveServer, provider: ProviderServer) -> None:
    provider.script_next(tokens=("Pangolins",))
    provider.script_next(tokens=("Too late",), ending="silence", first_token_delay_s=0)
    async with signed_in(server) as socket:
        await answered(socket)
        async with asyncio.timeout(10):
            while len(provider.requests) < 2:
                await asyncio.sleep(0.05)
        await asyncio.to_thread(server.terminate)
    await provider.requests[1].aleft()
    assert states(server)[1] != "held"


async def test_the_demo_gives_none(start_server: Start) -> None:
    server = start_server(AUTO_TITLE=1, OPENAI_BASE_URL="")
    async with signed_in(server) as socket:
        reader = await socket.generate(PROMPT)
        await socket.ended(reader)
        await settled(server, "settled")


def test_only_one_may_ask(alice: User) -> None:
    talk = Conversation.objects.begin(alice, PROMPT)
    talk.save()
    assert [talk.claim_title(), Conversation.objects.get().claim_title()] == [True, False]
    assert [talk.take_title("One"), talk.take_title("Two")] == [True, False]
    assert Conversation.objects.get().title == "One"


def test_a_title_that_was_given_is_nobodys_to_claim(alice: User) -> None:
    talk = Conversation.objects.begin(alice, PROMPT)
    talk.save()
    talk.rename(talk.title)
    assert not talk.claim_title()
    assert not talk.take_title("From the model")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Scales", "Scales"),
        ('"Scales."\nMore', "Scales"),
        ("\n\n**Title: Scales**", "Scales"),
        ("# „Schuppen“", "Schuppen"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("a\x00b\u202ec", "abc"),
        ("  \n ", ""),
        ("word " * 50, "word word word word word word word word word word word word…"),
    ],
)
def test_what_a_model_writes_becomes_one_plain_line(text: str, expected: str) -> None:
    assert clean(text) == expected


async def test_a_short_prompt_is_a_title_already(server: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=3)
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate("Which animals have scales?"))
        assert reader.start is not None
        again = await socket.ended(await socket.generate("More?", conversation_id=reader.start["conversation_id"]))
    assert again.status == "completed"
    assert title(server, reader.start["conversation_id"]) == "Which animals have scales?"
    assert [request.last_turn[1] for request in provider.requests] == ["Which animals have scales?", "More?"]
