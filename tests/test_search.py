"""Searching one's conversations."""

import re
import uuid

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from chat.models import Conversation, Message, Share
from chat.models.search import MAX_HITS, Piece, legible
from chat.models.search_postgres import excerpt
from chat.models.search_sqlite import match_expression, pieces
from chat.search_index import TRIGGERS
from chat.search_index_postgres import TRIGGERS as POSTGRES_TRIGGERS
from tests.conversations import generated, written

HOSTILE = [
    '"',
    '"unbalanced',
    "a AND",
    "NOT",
    "OR OR",
    "NEAR(a b, 5)",
    "owner:x",
    "text : ) (",
    "*",
    "^a",
    "a* b*",
    "-a +b",
    "'; DROP TABLE chat_message; --",
    "%s %d {}",
    "\\",
    "a\0b",
    "﻿\u202e",
    "🙂",
    "{a b}",
    "(" * 5000,
    '"' * 10_000,
    "a " * 5000,
    "x" * 10_000,
]


# On PostgreSQL: entries of texts that are not there or not so, and texts without their entry.
UNSOUND = """
WITH texts AS (
  SELECT conversation.id AS conversation_id, NULL::uuid AS message_id, owner_id, title AS text
  FROM chat_conversation AS conversation WHERE title <> ''
  UNION ALL
  SELECT conversation_id, message.id, owner_id, text
  FROM chat_message AS message JOIN chat_conversation ON chat_conversation.id = conversation_id
  WHERE text <> '' AND NOT EXISTS (
    SELECT 1 FROM chat_generation WHERE message_id = message.id AND status IN ('queued', 'running')
  )
)
SELECT * FROM texts FULL JOIN chat_search_entry AS entry
  ON entry.conversation_id = texts.conversation_id AND entry.message_id IS NOT DISTINCT FROM texts.message_id
WHERE chat_search_words(owner_id, text) IS DISTINCT FROM words
"""


def titles(user: User, words: str) -> list[str]:
    return ["".join(piece.text for piece in found.title) for found in Conversation.objects.search(user, words)]


def marked(user: User, words: str) -> list[str]:
    """What is marked in the results."""
    found = Conversation.objects.search(user, words)
    everything = [piece for one in found for piece in (*one.title, *(p for hit in one.hits for p in hit.pieces))]
    return [piece.text for piece in everything if piece.matches]


def test_an_excerpt_has_the_words_without_what_shapes_them() -> None:
    written = "| Way | Cost | |---|---:| | Hash | ## Why **so** `fast`? a-b | c > d ``` --- e"
    assert legible([Piece(written, False), Piece("**", True)]) == [
        Piece("Way Cost Hash Why so fast? a-b c d e", False),
        Piece("**", True),
    ]
    assert legible([Piece("| ", False), Piece("egg", True), Piece("**", False)]) == [Piece("egg", True)]


def test_words_are_found_in_messages_and_titles(alice: User) -> None:
    one = written(alice, "How do I make a soufflé?", "Beat the egg whites.", title="Kitchen")
    written(alice, "Eggs?", "No.", title="Something about eggs")
    found = Conversation.objects.search(alice, "egg")
    assert [len(conversation.hits) for conversation in found] == [1, 1]
    hit = found[1].hits[0]
    assert hit.message_id == one.active_leaf_id
    assert hit.pieces == [Piece("Beat the ", False), Piece("egg", True), Piece(" whites.", False)]
    assert Piece("eggs", True) in found[0].title


def test_all_words_must_be_there_and_may_be_only_begun(alice: User) -> None:
    written(alice, "red green blue", title="Colours")
    assert titles(alice, "blue red") == ["Colours"]
    assert titles(alice, "blu gre") == ["Colours"]
    assert titles(alice, "red yellow") == []


@pytest.mark.parametrize("words", ["cafe", "CAFÉ", "cafe\u0301", "Größe", "москва", "漢字"])
def test_case_and_accents_do_not_matter(alice: User, words: str) -> None:
    written(alice, "Café Größe МОСКВА 漢字")
    assert titles(alice, words) == ["Talk"]


def test_the_newest_come_first(alice: User) -> None:
    for n in range(3):
        written(alice, f"word {n}", title=f"Talk {n}")
    assert titles(alice, "word") == ["Talk 2", "Talk 1", "Talk 0"]


def test_only_ones_own_and_none_that_is_deleted(alice: User, bob: User) -> None:
    mine = written(alice, "secret word", title="Mine")
    written(bob, "secret word", title="Bob's")
    assert titles(alice, "secret") == ["Mine"]
    assert titles(alice, bob.pk.hex) == []
    mine.discard()
    assert titles(alice, "secret") == []
    mine.restore()
    assert titles(alice, "secret") == ["Mine"]


def test_archived_ones_say_so(alice: User) -> None:
    written(alice, "word").archive()
    [found] = Conversation.objects.search(alice, "word")
    assert found.archived


def test_the_index_follows_every_change(alice: User) -> None:
    talk = written(alice, "before", title="Old")
    Message.objects.update(text="after")
    talk.rename("New")
    assert [titles(alice, word) for word in ("before", "old", "after", "new")] == [[], [], ["New"], ["New"]]
    talk.delete()
    assert titles(alice, "after") == titles(alice, "new") == []
    sound()


def test_an_answer_is_found_when_it_has_ended(alice: User) -> None:
    answer = written(alice, "prompt", "").active_leaf
    assert answer is not None
    generation = generated(answer, status="running", fence=1)
    for text in ("half", "half an", "half an answer"):
        Message.objects.filter(pk=answer.pk).update(text=text)
        assert titles(alice, "half") == []
    assert generation.finish(status="completed", finish_reason="stop")
    Message.objects.filter(pk=answer.pk).update(text="half an answer")
    assert titles(alice, "half") == ["Talk"]
    generated(answer, status="queued", continues=generation)
    Message.objects.filter(pk=answer.pk).update(text="half an answer, continued")
    assert titles(alice, "half") == []
    sound()


def test_a_user_who_goes_takes_the_index_along(alice: User) -> None:
    written(alice, "word", "answer")
    alice.delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM chat_search_entry")
        assert cursor.fetchone() == (0,)
    sound()


def sound() -> None:
    """The index holds what the texts hold, no less and no more. Raises DatabaseError on SQLite."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(UNSOUND)
            assert cursor.fetchall() == []
            return
        cursor.execute("INSERT INTO chat_search (chat_search, rank) VALUES ('integrity-check', 1)")


def test_after_all_migrations_the_triggers_are_there(db: None) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'chat_search%%'")
            expected = set(POSTGRES_TRIGGERS)
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'chat_search%%'")
            expected = set(TRIGGERS)
        assert {name for (name,) in cursor.fetchall()} == expected


@pytest.fixture
def _empty_index(transactional_db: None) -> None:
    """What earlier tests committed was truncated, which PostgreSQL's triggers do not hear of."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chat_search_entry")


@pytest.mark.usefixtures("_empty_index")
def test_after_a_vacuum_the_same_is_found() -> None:
    user = User.objects.create_user("alice@example.org", "correct horse battery")
    for n in range(5):
        written(user, f"word{n}", title=f"Talk {n}")
    Message.objects.filter(text="word1").delete()
    with connections["default"].cursor() as cursor:
        cursor.execute("VACUUM")
    assert [titles(user, f"word{n}") for n in range(4)] == [["Talk 0"], [], ["Talk 2"], ["Talk 3"]]
    sound()


@pytest.mark.parametrize("words", HOSTILE)
def test_no_query_is_an_error(as_alice: Client, alice: User, words: str) -> None:
    written(alice, "a b x", title="a")
    response = as_alice.get("/search/", {"q": words})
    assert response.status_code == 200


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=40))
def test_any_text_at_all_can_be_looked_for(alice: User, words: str) -> None:
    Conversation.objects.search(alice, words)


def test_only_signs_are_no_word() -> None:
    assert match_expression(uuid.uuid4(), ' * " ( - ') is None


def test_marks_in_the_text_itself_do_no_harm() -> None:
    assert pieces("a\x03b\x02c\x02d") == [Piece("a", False), Piece("b", False), Piece("c", True), Piece("d", True)]


def test_on_postgresql_the_words_are_cut_out_here() -> None:
    text = " ".join(f"w{n}" for n in range(30)) + " Café.\nThe end"
    assert excerpt(text, [["cafe"], ["end"]]) == [
        Piece("…", False),
        Piece("w19 w20 w21 w22 w23 w24 w25 w26 w27 w28 w29 ", False),
        Piece("Café", True),
        Piece(". The ", False),
        Piece("end", True),
    ]
    assert excerpt("Some Words of " + "a b " * 20, [["wor"]])[:2] == [Piece("Some ", False), Piece("Words", True)]
    assert excerpt("?! …", [["wor"]]) == [Piece("?! …", False)]


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
