"""/conversations/…/draft/: what has been begun to write, the same on all devices."""

from urllib.parse import urlencode

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import User
from chat.models import Draft
from chat.protocol import MAX_PROMPT_CHARS
from tests.conversations import written

NEW = "/conversations/new/draft/"


def put(client: Client, path: str, text: str) -> int:
    return client.put(path, urlencode({"text": text}), content_type="application/x-www-form-urlencoded").status_code


def test_a_draft_is_kept_for_each_conversation_and_for_a_new_one(as_alice: Client, alice: User) -> None:
    talk = written(alice, "prompt", "answer")
    path = f"/conversations/{talk.pk}/draft/"
    assert [put(as_alice, NEW, "a new <b>one</b>"), put(as_alice, path, "\n first\nsecond ")] == [204, 204]
    assert as_alice.get(NEW).content.decode() == "a new <b>one</b>"
    assert as_alice.get(path).content.decode() == "\n first\nsecond "
    assert "\na new &lt;b&gt;one&lt;/b&gt;</textarea>" in as_alice.get("/").content.decode()
    assert "\n\n first\nsecond </textarea>" in as_alice.get(f"/c/{talk.pk}/").content.decode()


def test_the_last_word_counts_and_no_words_are_no_draft(as_alice: Client) -> None:
    for text in ("one", "two"):
        put(as_alice, NEW, text)
    assert Draft.objects.get().text == "two"
    assert put(as_alice, NEW, "  \n") == 204
    assert not Draft.objects.exists()
    assert as_alice.get(NEW).content == b""


def test_a_draft_is_its_writers_own(as_alice: Client, alice: User, bob: User) -> None:
    put(as_alice, NEW, "Alice's")
    theirs = written(bob, "prompt")
    assert put(as_alice, f"/conversations/{theirs.pk}/draft/", "x") == 404
    assert as_alice.get(f"/conversations/{theirs.pk}/draft/").status_code == 404
    as_alice.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert as_alice.get(NEW).content == b""
    assert Draft.objects.get().user == alice


def test_a_draft_longer_than_any_message_is_refused(as_alice: Client) -> None:
    assert put(as_alice, NEW, "x" * MAX_PROMPT_CHARS) == 204
    assert put(as_alice, NEW, "x" * (MAX_PROMPT_CHARS + 1)) == 413
    assert len(Draft.objects.get().text) == MAX_PROMPT_CHARS


def test_there_is_one_for_each_place(alice: User) -> None:
    Draft.objects.create(user=alice, text="one")
    with pytest.raises(IntegrityError):
        Draft.objects.create(user=alice, text="two")
