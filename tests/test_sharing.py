"""Sharing: colleagues read along, only the owner writes, and what is withdrawn is gone from open pages, too."""

import asyncio
import uuid
from collections.abc import Callable

import aiohttp
import pytest
from django.test import Client

from accounts.models import User
from chat import asking
from chat.models import Conversation, Generation, LanguageModel, Message, Share
from chat.protocol import Continue, Generate, Refused, Regenerate
from tests.conversations import generated, written
from tests.live.client import SocketClient, signed_in
from tests.live.forms import submit
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Alice's, with an answer that was stopped; there is a model to ask."""
    LanguageModel.objects.create(name="m", provider="openai", context_window=8000, max_output_tokens=1000)
    talk = written(alice, "prompt", "answer")
    assert talk.active_leaf
    generated(talk.active_leaf, status="cancelled", finish_reason="cancelled")
    return talk


@pytest.fixture
def as_bob(bob: User) -> Client:
    client = Client()
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def share_with(conversation: Conversation, *people: User, everyone: bool = False) -> None:
    Share.objects.put(conversation, for_everyone=everyone, people=people)


def newest(conversation: Conversation) -> Message:
    assert conversation.active_leaf
    return conversation.active_leaf


READS: list[Callable[[Conversation], str]] = [
    lambda talk: f"/c/{talk.pk}/",
    lambda talk: f"/c/{talk.pk}/messages/before/{newest(talk).pk}/",
    lambda talk: f"/messages/{newest(talk).pk}/",
]
WRITES: list[tuple[str, Callable[[Conversation], str]]] = [
    ("post", lambda talk: f"/messages/{newest(talk).pk}/active-branch/"),
    ("get", lambda talk: f"/c/{talk.pk}/share/"),
    ("post", lambda talk: f"/c/{talk.pk}/share/"),
    ("get", lambda talk: f"/c/{talk.pk}/markdown/"),
    ("delete", lambda talk: f"/conversations/{talk.pk}/"),
]
ASKS: list[Callable[[Conversation], Generate | Regenerate | Continue]] = [
    lambda talk: Generate(request_id=uuid.uuid4(), prompt="more", conversation_id=talk.pk),
    lambda talk: Regenerate(request_id=uuid.uuid4(), message_id=newest(talk).pk),
    lambda talk: Continue(request_id=uuid.uuid4(), message_id=newest(talk).pk),
]


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("access", ["named", "everyone", "others", "nobody"])
def test_who_it_is_shared_with_reads_it(
    as_bob: Client, conversation: Conversation, bob: User, grace: User, access: str, path: Callable[[Conversation], str]
) -> None:
    match access:
        case "named":
            share_with(conversation, bob)
        case "everyone":
            share_with(conversation, everyone=True)
        case "others":
            share_with(conversation, grace)
    expected = 200 if access in {"named", "everyone"} else 404
    assert as_bob.get(path(conversation)).status_code == expected


WRITING = [b'data-act="regenerate"', b'data-act="edit"', b'data-act="continue"', b"feedback-buttons", b"active-branch"]


@pytest.mark.parametrize("path", READS)
def test_a_reader_gets_nothing_to_write_with(
    as_bob: Client, as_alice: Client, conversation: Conversation, bob: User, path: Callable[[Conversation], str]
) -> None:
    leaf = newest(conversation)
    Message.objects.create(conversation=conversation, parent=leaf.parent, role="assistant", text="another")
    share_with(conversation, bob)
    messages = as_bob.get(path(conversation)).content.partition(b"<template")[0]
    assert not [part for part in WRITING if part in messages]
    if path is READS[0]:
        owners = as_alice.get(path(conversation)).content.partition(b"<template")[0]
        assert all(part in owners for part in WRITING)


def test_what_was_shared_by_name_is_listed_for_its_reader_and_nobody_else(
    as_bob: Client, as_alice: Client, conversation: Conversation, bob: User
) -> None:
    listed = f'data-testid="shared-item" href="/c/{conversation.pk}/"'.encode()
    share_with(conversation, everyone=True)
    assert listed not in as_bob.get("/").content
    share_with(conversation, bob)
    assert listed in as_bob.get("/").content
    assert listed not in as_alice.get("/").content
    conversation.discard()
    assert listed not in as_bob.get("/").content


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_reader_changes_nothing(
    as_bob: Client, conversation: Conversation, method: str, path: Callable[[Conversation], str]
) -> None:
    share_with(conversation, everyone=True)
    assert getattr(as_bob, method)(path(conversation)).status_code == 404
    assert Share.objects.exists()


@pytest.mark.parametrize("request_of", ASKS)
def test_a_reader_asks_for_nothing(
    conversation: Conversation, bob: User, request_of: Callable[[Conversation], Generate | Regenerate | Continue]
) -> None:
    share_with(conversation, bob, everyone=True)
    with pytest.raises(Refused) as refused:
        asking.ask(bob, request_of(conversation))
    assert refused.value.code == "not_found"
    assert Generation.objects.count() == 1


def test_nobody_reads_without_signing_in(client: Client, conversation: Conversation) -> None:
    share_with(conversation, everyone=True)
    assert client.get(f"/c/{conversation.pk}/").status_code == 302


def test_a_shared_conversation_is_not_in_the_readers_list(as_bob: Client, conversation: Conversation) -> None:
    share_with(conversation, everyone=True)
    assert "Talk" not in as_bob.get("/conversations/").content.decode()


def test_a_deleted_conversation_is_shared_with_nobody(as_bob: Client, conversation: Conversation) -> None:
    share_with(conversation, everyone=True)
    conversation.discard()
    assert as_bob.get(f"/c/{conversation.pk}/").status_code == 404


def test_the_readers_page_has_no_composer_but_a_copy_to_go_on_in(as_bob: Client, conversation: Conversation) -> None:
    share_with(conversation, everyone=True)
    page = as_bob.get(f"/c/{conversation.pk}/").content.decode()
    assert 'data-testid="composer"' not in page
    assert 'data-testid="fork"' in page
    assert "Alice shares this conversation with you." in page


def test_the_owner_names_colleagues_and_takes_it_back(as_alice: Client, conversation: Conversation, bob: User) -> None:
    path = f"/c/{conversation.pk}/share/"
    assert as_alice.post(path, {"access": "people", "people": "BOB@example.org"}).status_code == 302
    assert "bob@example.org" in as_alice.get(path).content.decode()
    assert Conversation.objects.readable_by(bob).get() == conversation
    assert as_alice.post(path, {"access": "nobody", "people": "bob@example.org"}).status_code == 302
    assert not Conversation.objects.readable_by(bob).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"access": "people", "people": "nobody@example.org"},
        {"access": "people", "people": ""},
        {"access": "people", "people": " ".join(f"x{n}@example.org" for n in range(101))},
        {"access": "admin"},
        {},
    ],
)
def test_what_makes_no_sense_is_refused_and_shares_nothing(
    as_alice: Client, conversation: Conversation, fields: dict[str, str]
) -> None:
    assert as_alice.post(f"/c/{conversation.pk}/share/", fields).status_code == 422
    assert not Share.objects.exists()


def test_a_reader_takes_a_copy_that_is_their_own(as_bob: Client, conversation: Conversation, bob: User) -> None:
    share_with(conversation, bob)
    response = as_bob.post(f"/c/{conversation.pk}/fork/")
    copy = Conversation.objects.visible_to(bob).get()
    assert response["Location"] == f"/c/{copy.pk}/"
    assert [(message.role, message.text) for message in copy.branch()] == [("user", "prompt"), ("assistant", "answer")]
    share = Share.objects.get()
    share.delete()
    assert as_bob.get(f"/c/{copy.pk}/").status_code == 200
    asking.ask(bob, Generate(request_id=uuid.uuid4(), prompt="more", conversation_id=copy.pk))
    assert conversation.messages.count() == 2


def test_an_answer_that_is_being_written_is_not_copied(as_bob: Client, conversation: Conversation, bob: User) -> None:
    share_with(conversation, bob)
    Generation.objects.update(status="running")
    as_bob.post(f"/c/{conversation.pk}/fork/")
    assert [message.text for message in Conversation.objects.visible_to(bob).get().branch()] == ["prompt"]


def test_a_stranger_takes_no_copy(as_bob: Client, conversation: Conversation) -> None:
    assert as_bob.post(f"/c/{conversation.pk}/fork/").status_code == 404
    assert Conversation.objects.count() == 1


# ── live ──


async def shared_answer(serving: LiveServer, alice: SocketClient) -> tuple[str, str]:
    """(conversation, request) of an answer that is being written and that everybody may read."""
    reader = await alice.generate()
    await alice.until(lambda: reader.text)
    assert reader.start
    conversation_id = reader.start["conversation_id"]
    assert await submit(serving, "alice", f"/c/{conversation_id}/share/", access="everyone") == 302
    return conversation_id, reader.request_id


async def test_a_reader_sees_the_answer_as_it_is_written(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=60, rate=60)
    async with signed_in(serving) as alice, signed_in(serving, "bob") as bob:
        conversation_id, request_id = await shared_answer(serving, alice)
        await bob.send("conversation:open", conversation_id=conversation_id)
        seen = bob.reader(request_id)
        await bob.until(lambda: seen.text)
        await asyncio.gather(alice.ended(alice.reader(request_id)), bob.ended(seen))
        assert seen.text == alice.reader(request_id).text
        assert alice.reader(request_id).end["budget"]  # type: ignore[index]
        assert "budget" not in seen.end  # type: ignore[operator]
        again = await alice.generate("And?", conversation_id=conversation_id)
        await bob.ended(bob.reader(again.request_id))


async def test_a_reader_does_not_stop_it(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=40, rate=40)
    async with signed_in(serving) as alice, signed_in(serving, "bob") as bob:
        _conversation_id, request_id = await shared_answer(serving, alice)
        await bob.send("ai:cancel", request_id=request_id)
        await bob.frame("ai:error", code="not_found")
        await alice.ended(alice.reader(request_id))
        assert alice.reader(request_id).status == "completed"


async def test_withdrawing_ends_open_sockets_and_event_streams(serving: LiveServer, provider: ProviderServer) -> None:
    provider.script(tokens=10_000, rate=30)
    async with signed_in(serving) as alice, signed_in(serving, "bob") as bob:
        conversation_id, request_id = await shared_answer(serving, alice)
        await bob.send("conversation:open", conversation_id=conversation_id)
        seen = bob.reader(request_id)
        await bob.until(lambda: seen.text)
        headers = {"Cookie": serving.cookies("bob")}
        async with aiohttp.ClientSession(serving.url, headers=headers) as session:
            stream = await session.get(f"/api/generations/{request_id}/events")
            assert stream.status == 200
            assert await submit(serving, "alice", f"/c/{conversation_id}/share/", access="nobody") == 302
            await bob.frame("ai:error", code="forbidden", conversation_id=conversation_id)
            async with asyncio.timeout(10):
                assert b'"code":"forbidden"' in await stream.read()
        length = len(seen.text)
        before = len(alice.reader(request_id).text)
        await alice.until(lambda: len(alice.reader(request_id).text) > before + 50)
        await bob.send("ping", id="after")
        await bob.frame("pong", id="after")
        assert len(seen.text) == length
        await bob.send("ai:resume", request_id=request_id, after=0)
        await bob.frame("ai:error", code="not_found", request_id=request_id)
        await alice.send("ai:cancel", request_id=request_id)
        await alice.ended(alice.reader(request_id))


async def test_a_lost_hint_only_delays_the_end(serving: LiveServer, provider: ProviderServer) -> None:
    """The share is taken out of the database behind the server's back: the next look finds it."""
    provider.script(tokens=10_000, rate=30)
    async with signed_in(serving) as alice, signed_in(serving, "bob") as bob:
        conversation_id, request_id = await shared_answer(serving, alice)
        await bob.send("conversation:open", conversation_id=conversation_id)
        await bob.until(lambda: bob.reader(request_id).text)
        serving.execute("UPDATE chat_share SET for_everyone = false")
        await bob.frame("ai:error", code="forbidden")
        await alice.send("ai:cancel", request_id=request_id)
        await alice.ended(alice.reader(request_id))
