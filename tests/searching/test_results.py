"""The page of results, and where each of them leads."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.models import Conversation, Message, Share
from chat.models.search import MAX_HITS
from tests.conversations import written


def test_what_was_written_is_text_in_the_results(as_alice: Client, alice: User) -> None:
    written(alice, "<img src=x onerror=alert(1)> word", title="<b>word</b>")
    page = as_alice.get("/search/", {"q": "word"}).content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>word</mark>" in page
    assert "&lt;b&gt;<mark>word</mark>&lt;/b&gt;" in page
    assert "<img" not in page


def test_a_result_leads_to_its_message_on_whatever_branch(as_alice: Client, alice: User) -> None:
    talk = written(alice, "prompt", "first answer needle")
    prompt = talk.messages.get(role="user")
    second = Message.objects.create(conversation=talk, parent=prompt, role="assistant", text="second answer")
    talk.touch(second)
    page = as_alice.get("/search/", {"q": "needle"}).content.decode()
    link = re.search(r'href="(/c/[^"]+\?message=[^"]+)"', page)
    assert link
    thread = as_alice.get(link[1]).content.decode()
    assert "first answer needle" in thread
    assert "second answer" not in thread
    assert thread.count("data-found") == 1


def test_a_message_in_the_middle_comes_with_both_sides_and_the_rest_follows(as_alice: Client, alice: User) -> None:
    talk = written(alice, *(f"message {n}" for n in range(100)))
    middle = talk.messages.get(text="message 40")
    page = as_alice.get(f"/c/{talk.pk}/?message={middle.pk}").content.decode()
    assert re.findall(r"message (\d+)<", page) == [str(n) for n in range(25, 55)]
    assert "thread__older" in page
    newer = re.search(r'hx-get="(/c/[^"]+/after/[^"]+)"', page)
    assert newer
    window = as_alice.get(newer[1]).content.decode()
    assert re.findall(r"message (\d+)<", window) == [str(n) for n in range(55, 85)]
    assert "thread__older" not in window
    last = re.search(r'hx-get="(/c/[^"]+/after/[^"]+)"', window)
    assert last
    assert "thread__newer" not in as_alice.get(last[1]).content.decode()


@pytest.mark.parametrize("named", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_message_that_is_not_there_leads_to_the_end(as_alice: Client, alice: User, named: str) -> None:
    talk = written(alice, *(f"message {n}" for n in range(50)))
    page = as_alice.get(f"/c/{talk.pk}/?message={named}").content.decode()
    assert "message 49<" in page
    assert "data-found" not in page


def test_another_conversations_message_leads_nowhere(as_alice: Client, alice: User, bob: User) -> None:
    mine, theirs = written(alice, "mine", "mine"), written(bob, "theirs")
    page = as_alice.get(f"/c/{mine.pk}/?message={theirs.active_leaf_id}").content.decode()
    assert "theirs" not in page
    assert as_alice.get(f"/c/{theirs.pk}/?message={theirs.active_leaf_id}").status_code == 404
    assert as_alice.get(f"/c/{theirs.pk}/messages/after/{theirs.active_leaf_id}/").status_code == 404


def test_there_are_never_too_many_hits(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice, title="Many")
    now = timezone.now()
    Message.objects.bulk_create(
        Message(conversation=conversation, role="user", text="word", created_at=now) for _ in range(MAX_HITS * 2)
    )
    [found] = Conversation.objects.search(alice, "word")
    assert len(found.hits) == 3


def test_whoever_is_not_signed_in_finds_nothing(client: Client, db: None) -> None:
    assert client.get("/search/?q=x")["Location"].startswith("/accounts/login/")


def test_a_guest_who_follows_a_link_to_another_branch_changes_nothing(
    client: Client, alice: User, bob: User, db: None
) -> None:
    talk = written(alice, "prompt", "first answer")
    prompt, first = talk.messages.order_by("created_at")
    second = Message.objects.create(conversation=talk, parent=prompt, role="assistant", text="second answer")
    talk.touch(second)
    Share.objects.put(talk, for_everyone=True, people=[])
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/c/{talk.pk}/?message={first.pk}").content.decode()
    assert "second answer" in page
    assert "first answer" not in page
    talk.refresh_from_db()
    assert talk.active_leaf == second
