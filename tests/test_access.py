"""Open connections live no longer than the sign-in they were opened with."""

import datetime
from collections.abc import Callable

import aiohttp
import msgspec
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.access import Ticket, ended_among
from tests.live.client import signed_in
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer


async def test_signing_out_closes_the_sockets_of_that_session(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=2_000, rate=100)
    server = start_server()
    async with signed_in(server) as alice, signed_in(server, "bob") as bob:
        reader = await alice.generate()
        await alice.until(lambda: reader.text)
        await sign_out(server, "alice")
        assert await alice.closed() == 4401
        await bob.send("ping", id=1)
        await bob.frame("pong", id=1)


async def test_signing_out_ends_event_streams(
    start_server: Callable[..., LiveServer], provider: ProviderServer
) -> None:
    provider.script(tokens=2_000, rate=100)
    server = start_server()
    headers = {"Cookie": server.cookies("alice")}
    async with (
        aiohttp.ClientSession(server.url, headers=headers, timeout=aiohttp.ClientTimeout(10)) as session,
        session.post("/api/chat", json={"prompt": "Hello"}) as response,
    ):
        await response.content.readline()
        await sign_out(server, "alice")
        assert b"[DONE]" not in await response.read()


async def sign_out(server: LiveServer, name: str) -> None:
    """As the button on the page does."""
    token = "t" * 32
    headers = {"Cookie": f"{server.cookies(name)}; csrftoken={token}", "Origin": server.url, "X-CSRFToken": token}
    async with (
        aiohttp.ClientSession(server.url, headers=headers) as session,
        session.post("/accounts/logout/", allow_redirects=False) as response,
    ):
        assert response.status == 302


@pytest.fixture
def ticket(alice: User, as_alice: Client) -> Ticket:
    return Ticket.of(alice, as_alice.session)


@pytest.fixture(params=["seen before", "new"])
def seen(request: pytest.FixtureRequest, ticket: Ticket) -> None:
    """What was found to be right once is remembered."""
    if request.param == "seen before":
        assert not ended_among({ticket})


def test_a_live_sign_in_goes_on(seen: None, ticket: Ticket) -> None:
    assert ended_among({ticket}) == set()


def test_an_expired_session_ends(seen: None, ticket: Ticket) -> None:
    Session.objects.update(expire_date=timezone.now() - datetime.timedelta(seconds=1))
    assert ended_among({ticket}) == {ticket}


def test_a_deactivated_user_ends(seen: None, ticket: Ticket) -> None:
    User.objects.update(is_active=False)
    assert ended_among({ticket}) == {ticket}


def test_a_changed_password_ends_other_sessions(seen: None, ticket: Ticket, alice: User) -> None:
    alice.set_password("something else entirely")
    alice.save()
    assert ended_among({ticket}) == {ticket}


def test_somebody_who_must_have_a_second_factor_first_ends(seen: None, ticket: Ticket) -> None:
    User.objects.update(second_factor_required=True)
    assert ended_among({ticket}) == {ticket}


def test_another_session_of_the_same_person_is_no_proof(seen: None, ticket: Ticket) -> None:
    forged = msgspec.structs.replace(ticket, session_hash="0" * 64)
    assert ended_among({ticket, forged}) == {forged}
