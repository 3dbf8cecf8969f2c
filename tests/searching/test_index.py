"""The index of all words: it follows what changes, and survives what rebuilds tables."""

import pytest
from django.db import connection, connections

from accounts.models import User
from chat.models import Message
from chat.search_index import TRIGGERS
from chat.search_index_postgres import TRIGGERS as POSTGRES_TRIGGERS
from tests.conversations import generated, written
from tests.searching.found import titles

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
