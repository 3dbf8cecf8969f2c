"""Words: which are found, which never fail, and how an excerpt shows them."""

import uuid

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from chat.models import Conversation
from chat.models.search import Piece, legible
from chat.models.search_postgres import excerpt
from chat.models.search_sqlite import match_expression, pieces
from tests.conversations import written
from tests.searching.found import titles

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
