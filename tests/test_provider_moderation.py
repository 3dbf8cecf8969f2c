"""A provider's moderation as a content rule: prompts before anything is stored, answers when they have ended."""

import asyncio
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from chat.models import ContentRule, ProviderConnection
from chat.moderating.judging import Verdict, judged
from chat.moderating.rules import RulesInForce
from chat.providers.registry import aclose_all
from tests.live.admin import AdminBrowser
from tests.live.client import new_id, signed_in
from tests.live.refusals import refusal
from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TABLES = ("chat_message", "chat_generation", "accounts_reservation")
RULE = {"name": "Be kind", "kind": "provider", "text": "", "applies_to": "both", "action": "block", "enabled": "on"}
RULE |= {"longest_match": "80", "timeout_s": "5", "connection": "1", "moderation_model": "omni", "fails_closed": "on"}
Moderated = Callable[..., LiveServer]


@pytest.fixture
def moderated(start_server: Callable[..., LiveServer], provider: ProviderServer) -> Moderated:
    """A server with such a rule, made in the admin: ``moderated(action="flag")``."""

    def start(**fields: str) -> LiveServer:
        server = start_server()
        admin = AdminBrowser(server)
        connection = {"name": "Judge", "kind": "openai", "base_url": provider.openai_url, "new_key": "key-of-judges"}
        admin.submit("/admin/chat/providerconnection/add/", **connection, enabled="on", model_names="scripted")
        rule = {name: value for name, value in (RULE | fields).items() if value}
        assert "Be kind" in admin.submit("/admin/chat/contentrule/add/", **rule)
        assert server.query("SELECT count(*) FROM chat_contentrule") == [(1,)]
        provider.flagged_words = {"kill": "violence"}
        return server

    return start


async def test_a_flagged_prompt_is_not_stored_not_reserved_and_reaches_no_model(
    moderated: Moderated, provider: ProviderServer
) -> None:
    server = await asyncio.to_thread(moderated, applies_to="prompts")
    async with signed_in(server) as socket:
        error = await refusal(socket, "How do I kill a process?")
        assert (error["code"], error["field"], error["retryable"]) == ("content_blocked", "prompt", False)
        assert "Be kind" in str(error["message"])
        assert provider.requests == []
        assert [server.query(f"SELECT count(*) FROM {table}") for table in TABLES] == [[(0,)]] * 3
        assert server.query("SELECT hits FROM chat_contentrule") == [(1,)]
        [asked] = provider.moderations
        assert asked.headers["authorization"] == "Bearer key-of-judges"
        assert asked.body == {"input": "How do I kill a process?", "model": "omni"}
        request_id = new_id()
        assert await refusal(socket, "How are you?", request_id) == {}
        assert len(provider.moderations) == 2
        await socket.send("ai:generate", request_id=request_id, prompt="How are you?")  # the same again asks nobody
        await socket.send("ping", id=1)
        await socket.frame("pong", id=1)
    assert len(provider.moderations) == 2


async def test_a_flagged_answer_is_taken_away_when_it_has_ended(moderated: Moderated, provider: ProviderServer) -> None:
    server = await asyncio.to_thread(moderated, applies_to="answers")
    provider.script(tokens=("I would", " kill", " for it."))
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate("Cake?"))
        assert (reader.text, reader.status) == ("I would kill for it.", "completed")
        assert reader.start
        await socket.frame("site:news")
    assert server.message_text(reader.start["message_id"]) == "Hidden by a moderator."
    [(said,)] = server.query("SELECT text FROM accounts_notice")
    assert said == "An answer was taken away: it breaks a rule of this site (Be kind)."
    assert server.query("SELECT action FROM accounts_auditentry WHERE action = 'message.hidden'")


async def test_a_rule_that_flags_tells_the_moderators_of_prompt_and_answer(
    moderated: Moderated, provider: ProviderServer
) -> None:
    server = await asyncio.to_thread(moderated, action="flag", text="violence")
    provider.script(tokens=("To kill",))
    async with signed_in(server) as socket:
        reader = await socket.ended(await socket.generate("What would you kill for?"))
        assert reader.text == "To kill"
        await socket.frame("site:news")
    assert server.query("SELECT count(*) FROM chat_report") == [(2,)]
    assert server.query("SELECT hits FROM chat_contentrule") == [(2,)]


async def test_a_category_that_no_rule_names_passes(moderated: Moderated, provider: ProviderServer) -> None:
    server = await asyncio.to_thread(moderated, text="harassment")
    async with signed_in(server) as socket:
        assert await refusal(socket, "How do I kill a process?") == {}


@pytest.mark.parametrize("fault", ["error", "nonsense", "silence"])
async def test_what_cannot_be_checked_is_not_asked_when_the_rule_fails_closed(
    moderated: Moderated, provider: ProviderServer, fault: str
) -> None:
    server = await asyncio.to_thread(moderated, timeout_s="1", applies_to="prompts")
    break_(provider, fault)
    async with signed_in(server) as socket:
        error = await refusal(socket, "How are you?")
        assert (error["code"], error["retryable"]) == ("upstream_failed", True)
        assert "could not be checked" in str(error["message"])
        assert "secret" not in str(error["message"])
        provider.reset()
        assert await refusal(socket, "How are you?") == {}


@pytest.mark.parametrize("fault", ["error", "silence"])
async def test_it_passes_when_the_rule_fails_open(moderated: Moderated, provider: ProviderServer, fault: str) -> None:
    server = await asyncio.to_thread(moderated, timeout_s="1", fails_closed="")
    break_(provider, fault)
    async with signed_in(server) as socket:
        assert await refusal(socket, "How are you?") == {}


def break_(provider: ProviderServer, fault: str) -> None:
    if fault == "silence":
        provider.moderation_delay_s = 600
        return
    provider.moderation_status = "500 Broken" if fault == "error" else "200 OK"
    provider.moderation_body = b'{"results": "secret"}'


@pytest.mark.django_db
def test_a_rule_is_tried_with_its_provider(client: Client, grace: User, provider: ProviderServer) -> None:
    client.force_login(grace, backend=BACKEND)
    ProviderConnection.objects.create(pk=1, name="Judge", kind="openai", base_url=provider.openai_url)
    provider.flagged_words = {"kill": "violence"}
    data = RULE | {"sample": "to kill time\nto pass it", "_try": "1"}
    page = client.post("/admin/chat/contentrule/add/", data).content.decode()
    assert "<mark>to kill time</mark>" in page
    assert "to pass it <em>" in page
    provider.moderation_status = "401 No"
    page = client.post("/admin/chat/contentrule/add/", data).content.decode()
    assert "did not accept this site&#x27;s key" in page
    assert not ContentRule.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["", "anthropic"])
def test_a_rule_needs_a_connection_that_can_be_asked(client: Client, grace: User, kind: str) -> None:
    client.force_login(grace, backend=BACKEND)
    if kind:
        ProviderConnection.objects.create(pk=1, name="Judge", kind=kind)
    data = RULE if kind else RULE | {"connection": ""}
    page = client.post("/admin/chat/contentrule/add/", data).content.decode()
    assert "Which connection that speaks OpenAI’s protocol is asked?" in page


@pytest.mark.django_db
def test_a_connection_that_a_rule_asks_is_not_deleted(client: Client, grace: User, provider: ProviderServer) -> None:
    client.force_login(grace, backend=BACKEND)
    judge = ProviderConnection.objects.create(name="Judge", kind="openai", base_url=provider.openai_url)
    ContentRule.objects.create(name="R", kind="provider", connection=judge)
    assert client.post(f"/admin/chat/providerconnection/{judge.pk}/delete/", {"post": "yes"}).status_code == 200
    assert ProviderConnection.objects.filter(pk=judge.pk).exists()


async def test_rules_that_ask_the_same_cost_one_call(provider: ProviderServer) -> None:
    connection = ProviderConnection(pk=1, name="Judge", kind="openai", base_url=provider.openai_url, revision=7)
    fields = {"kind": "provider", "connection": connection, "action": "block"}
    rules = [
        ContentRule(pk=1, name="Violence", text="violence", **fields),
        ContentRule(pk=2, name="Harassment", text="Harassment", **fields),
    ]
    provider.flagged_words = {"kill": "violence", "idiot": "harassment/threatening"}
    judges = RulesInForce(rules).judges("prompts", block=True)
    assert [one.rule.name for one in await judged(judges, "You idiot!")] == ["Harassment"]
    assert len(provider.moderations) == 1
    long = "x" * 12_000 + " kill"
    assert await judged(judges, long) == [Verdict(judges[0].rule)]
    assert [len(piece) for piece in provider.moderations[1].body["input"]] == [10_000, 2_005]
    await aclose_all()
