"""The chat page and its parts, as the server gives them out."""

import datetime
import gzip
import json
import re
import uuid
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.models import Conversation, Generation, LanguageModel, Message
from chat.templatetags.modules import LATER
from tests.conversations import generated, written

from .conftest import PASSWORD

STATIC = Path(__file__).resolve().parent.parent / "static"
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def model(db: None) -> LanguageModel:
    return LanguageModel.objects.create(
        name="m", label="Model M", provider="openai", context_window=8000, max_output_tokens=1000
    )


def shown(page: str) -> list[tuple[str, str]]:
    """(role, status) of the messages of a page, without its templates for new ones."""
    return re.findall(r'data-role="(\w+)" data-status="(\w+)" data-message-id', page)


def test_home_is_a_new_conversation_with_the_models_to_choose(as_alice: Client, model: LanguageModel) -> None:
    page = as_alice.get("/").content.decode()
    assert "Model M" in page
    assert 'data-testid="composer"' in page
    assert shown(page) == []


def test_a_conversation_shows_its_messages_as_escaped_source(as_alice: Client, alice: User, model: object) -> None:
    conversation = written(alice, "<b>prompt</b>", "# answer <script>")
    page = as_alice.get(f"/c/{conversation.pk}/").content.decode()
    assert shown(page) == [("user", "completed"), ("assistant", "completed")]
    assert "&lt;b&gt;prompt&lt;/b&gt;" in page
    assert 'data-testid="message-body"># answer &lt;script&gt;</div>' in page


def test_whoever_is_not_signed_in_is_asked_to(client: Client, db: None) -> None:
    assert client.get("/")["Location"].startswith("/accounts/login/")


def test_a_strangers_things_are_not_there(client: Client, alice: User, bob: User, model: object) -> None:
    conversation = written(alice, "prompt", "answer")
    message = conversation.active_leaf
    assert message is not None
    client.login(login="bob@example.org", email="bob@example.org", password=PASSWORD)
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = f"/c/{conversation.pk}/messages/before/{message.pk}/"
    for path in (f"/c/{conversation.pk}/", before, f"/messages/{message.pk}/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/messages/{message.pk}/active-branch/").status_code == 404
    assert "Talk" not in client.get("/conversations/").content.decode()
    assert client.get(f"/c/{uuid.uuid4()}/").status_code == 404


def test_a_click_within_the_page_gets_the_part_that_changes(as_alice: Client, alice: User, model: object) -> None:
    conversation = written(alice, "prompt", "answer")
    part = as_alice.get(f"/c/{conversation.pk}/", headers=PARTIAL).content.decode()
    assert "<title>Talk" in part
    assert "<html" not in part
    assert 'data-testid="conversation-list"' not in part


def test_a_running_answer_says_what_to_attach_to_and_where_it_goes_on(as_alice: Client, alice: User) -> None:
    conversation = written(alice, "prompt", "😀 so far")
    answer = conversation.active_leaf
    assert answer is not None
    generation = generated(answer, status="running", text_start=2)
    page = as_alice.get(f"/c/{conversation.pk}/").content.decode()
    assert shown(page)[-1] == ("assistant", "running")
    assert f'data-request-id="{generation.request_id}" data-text-start="3"' in page  # the emoji is two UTF-16 units


@pytest.mark.parametrize(
    ("status", "reason", "words", "offer"),
    [
        ("cancelled", "cancelled", "Stopped by you", "continue"),
        ("truncated", "budget", "token budget is used up", "continue"),
        ("truncated", "length", "longest answer", "continue"),
        ("interrupted", "connection_lost", "connection to the model was lost", "continue"),
        ("interrupted", "shutdown", "server was restarted", "continue"),
        ("truncated", "something_new", "Cut short", "continue"),
    ],
)
def test_an_answer_says_how_it_ended(
    as_alice: Client, alice: User, status: str, reason: str, words: str, offer: str
) -> None:
    answer = written(alice, "prompt", "so far").active_leaf
    assert answer is not None
    generated(answer, status=status, finish_reason=reason, finished_at=timezone.now())
    page = as_alice.get(f"/messages/{answer.pk}/").content.decode()
    assert words in page
    assert f'data-testid="{offer}"' in page


def test_a_failed_answer_says_why_and_offers_retry(as_alice: Client, alice: User) -> None:
    answer = written(alice, "prompt", "").active_leaf
    assert answer is not None
    generated(answer, status="failed", finish_reason="error", error_message="The key was refused.")
    page = as_alice.get(f"/messages/{answer.pk}/").content.decode()
    assert "The key was refused." in page
    assert 'data-testid="retry"' in page
    assert 'data-testid="continue"' not in page


def test_a_long_conversation_comes_in_windows(
    as_alice: Client, alice: User, model: object, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    conversation = written(alice, *(f"message {n}" for n in range(100)))
    with django_assert_max_num_queries(16):
        page = as_alice.get(f"/c/{conversation.pk}/").content.decode()
    assert len(shown(page)) == 30
    assert "message 99<" in page
    older = re.search(r'hx-get="(/c/[^"]+/before/[^"]+)"', page)
    assert older
    window = as_alice.get(older[1]).content.decode()
    assert re.findall(r"message (\d+)<", window) == [str(n) for n in range(40, 70)]


def test_a_long_conversation_costs_as_many_queries_as_a_short_one(as_alice: Client, alice: User, model: object) -> None:
    short, long = (written(alice, *(f"message {n}" for n in range(count))) for count in (40, 400))
    as_alice.get(f"/c/{short.pk}/")
    for path in ("", "messages/before/{}/", "messages/after/{}/", "?message={}"):
        counts = []
        for talk in (short, long):
            middle = talk.messages.order_by("created_at")[20]
            with CaptureQueriesContext(connection) as queries:
                as_alice.get(f"/c/{talk.pk}/{path.format(middle.pk)}")
            counts.append(len(queries))
        assert counts[0] == counts[1] > 0


def test_the_first_window_of_a_short_one_has_nothing_older(as_alice: Client, alice: User, model: object) -> None:
    page = as_alice.get(f"/c/{written(alice, 'a', 'b').pk}/").content.decode()
    assert "thread__older" not in page


def test_choosing_a_branch_shows_it_and_keeps_it(as_alice: Client, alice: User, model: object) -> None:
    conversation = written(alice, "prompt", "first answer")
    prompt = conversation.messages.get(role="user")
    second = Message.objects.create(conversation=conversation, parent=prompt, role="assistant", text="second answer")
    conversation.touch(second)
    first = conversation.messages.get(text="first answer")
    thread = as_alice.post(f"/messages/{first.pk}/active-branch/").content.decode()
    assert "first answer" in thread
    assert "1/2" in thread
    assert "first answer" in as_alice.get(f"/c/{conversation.pk}/").content.decode()


def test_the_sidebar_is_by_day_and_goes_on_where_it_stopped(as_alice: Client, alice: User) -> None:
    now = timezone.now()
    for n, days in enumerate([0, 1, 3, 400]):
        conversation = written(alice, "prompt", title=f"Talk {n}")
        Conversation.objects.filter(pk=conversation.pk).update(updated_at=now - datetime.timedelta(days=days))
    page = as_alice.get("/conversations/").content.decode()
    days_shown = re.findall(r"sidebar__day\">([^<]+)<", page)
    assert days_shown[:3] == ["Today", "Yesterday", "Previous 7 days"]
    assert len(days_shown) == 4
    for n in range(45):
        written(alice, "prompt", title=f"New {n}")
    page = as_alice.get("/conversations/").content.decode()
    more = re.search(r'hx-get="(/conversations/\?[^"]+)"', page)
    assert more
    rest = as_alice.get(more[1].replace("&amp;", "&")).content.decode()
    assert rest.count("conversation-item") == 9
    assert "Today" not in rest


@pytest.mark.parametrize("query", ["offset=x", "offset=-1", "count=9999999999999", "offset=²", "under=<b>"])
def test_odd_numbers_in_the_sidebars_address_do_no_harm(as_alice: Client, query: str) -> None:
    response = as_alice.get(f"/conversations/?{query}")
    assert response.status_code == 200
    assert b"<b>" not in response.content


def test_a_conversation_that_is_being_answered_has_a_dot(as_alice: Client, alice: User) -> None:
    answer = written(alice, "prompt", "").active_leaf
    assert answer is not None
    generation = generated(answer, status="running")
    assert b"sidebar__dot" in as_alice.get("/conversations/").content
    Generation.objects.filter(pk=generation.pk).update(status="completed")
    assert b"sidebar__dot" not in as_alice.get("/conversations/").content


def test_with_only_the_demo_the_page_says_so(as_alice: Client) -> None:
    LanguageModel.objects.create(name="demo", provider="demo", context_window=8000, max_output_tokens=1000)
    assert b"No provider is set up yet." in as_alice.get("/").content


def test_every_module_is_in_the_import_map_and_the_first_page_is_light(as_alice: Client) -> None:
    page = as_alice.get("/").content.decode()
    found = re.search(r'<script type="importmap" nonce="[^"]+">(.+?)</script>', page)
    assert found
    imports = json.loads(found[1])["imports"]
    modules = {name: (STATIC / address.removeprefix("/static/")).read_bytes() for name, address in imports.items()}
    for content in modules.values():
        for name in re.findall(rb'(?:from|import) "(#[^"]+)"', content):
            assert name.decode() in imports
    first = [content for name, content in modules.items() if name not in LATER]
    assert sum(len(gzip.compress(content, 9)) for content in first) < 100_000


def test_the_page_is_strict_about_scripts_and_styles(as_alice: Client) -> None:
    response = as_alice.get("/")
    policy = response["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
    assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", page))
