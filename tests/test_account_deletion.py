"""/settings/delete/: an account goes with all that is its own, and nothing of anybody else."""

import asyncio
from collections.abc import Callable

import pytest
from django.test import Client

from accounts import budgets
from accounts.models import Reservation, UsageDay, User
from accounts.models.deletion import LastAdmin, delete_account
from chat.models import Conversation, Generation, Message, Share
from tests.conversations import generated, written
from tests.live.client import signed_in
from tests.live.forms import submit
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/settings/delete/"


def used_by(user: User) -> Conversation:
    """A conversation with all that hangs on it."""
    conversation = written(user, "prompt", "answer")
    assert conversation.active_leaf
    generation = generated(conversation.active_leaf, status="completed")
    held = budgets.reserve(user, generation.pk, input_tokens=1, max_output_tokens=1)
    held.settle(input_tokens=1, output_tokens=1, estimated=False)
    return conversation


def test_everything_goes_with_the_account(as_alice: Client, alice: User) -> None:
    Share.objects.put(used_by(alice), for_everyone=True, people=[])
    assert "1 conversation with all its messages" in as_alice.get(PAGE).content.decode()
    response = as_alice.post(PAGE, {"proof": PASSWORD}, follow=True)
    assert b"are deleted." in response.content
    for model in (User, Conversation, Message, Generation, Share, Reservation, UsageDay):
        assert not model._default_manager.exists()
    assert as_alice.get("/")["Location"].startswith("/accounts/login/")


def test_nothing_of_others_goes(as_alice: Client, alice: User, bob: User) -> None:
    conversation = used_by(bob)
    Share.objects.put(conversation, for_everyone=False, people=[alice])
    as_alice.post(PAGE, {"proof": PASSWORD})
    assert User.objects.get() == bob
    assert Conversation.objects.get() == conversation
    assert (Message.objects.count(), Generation.objects.count(), UsageDay.objects.count()) == (2, 1, 1)


@pytest.mark.parametrize("proof", ["", "wrong", "alice@example.org"])
def test_without_the_password_nothing_happens(as_alice: Client, proof: str) -> None:
    assert as_alice.post(PAGE, {"proof": proof}).status_code == 422
    assert User.objects.exists()


def test_the_password_cannot_be_guessed(as_alice: Client) -> None:
    for _ in range(5):
        as_alice.post(PAGE, {"proof": "wrong"})
    assert b"Too many attempts" in as_alice.post(PAGE, {"proof": PASSWORD}).content
    assert User.objects.exists()


def test_who_has_no_password_types_the_address(as_alice: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    as_alice.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert as_alice.post(PAGE, {"proof": "bob@example.org"}).status_code == 422
    assert as_alice.post(PAGE, {"proof": "alice@example.org"}).status_code == 302
    assert not User.objects.exists()


def test_the_last_admin_stays(client: Client, grace: User, bob: User) -> None:
    client.force_login(grace, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(PAGE, {"proof": PASSWORD})
    assert response.status_code == 422
    assert b"You are the last admin." in response.content
    with pytest.raises(LastAdmin):
        delete_account(grace)
    User.objects.create_superuser("ada@example.org", PASSWORD)
    assert client.post(PAGE, {"proof": PASSWORD}).status_code == 302


def test_a_visit_deletes_nothing(as_alice: Client) -> None:
    assert as_alice.get(PAGE, {"proof": PASSWORD}).status_code == 200
    assert User.objects.exists()


async def test_open_sockets_close_and_the_provider_is_left(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    server = start_server()
    provider.script(tokens=10_000, rate=30)
    async with signed_in(server) as socket, signed_in(server) as other:
        reader = await socket.generate()
        await socket.until(lambda: reader.text)
        assert await submit(server, "alice", PAGE, proof=PASSWORD) == 302
        assert tuple(await asyncio.gather(socket.closed(), other.closed())) == (4401, 4401)
        await provider.requests[0].aleft()
    assert server.query("SELECT count(*) FROM chat_message") == [(0,)]
    assert server.query("SELECT count(*) FROM accounts_user WHERE email = 'alice@example.org'") == [(0,)]
