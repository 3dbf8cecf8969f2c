"""Searching one's conversations: titles and messages that hold all of some words, or words that begin so."""

import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from django.db import connection

if TYPE_CHECKING:
    from accounts.models import User

# What only gives Markdown its shape, between the words of an excerpt: the rules of tables, headings, fences, stress.
SHAPE = re.compile(r"(?<!\S)(?:[|:-]*\|[|:-]*|#{1,6}|>+|[-*]{3,}|(?:`{3,}|~{3,})\S*)(?!\S)\s?|\*\*|`")

MAX_WORDS = 12
MAX_WORD = 64  # characters
MAX_HITS = 60
HITS_SHOWN = 3  # of one conversation


class Piece(msgspec.Struct, frozen=True):
    """Some text, and whether it is what was looked for."""

    text: str
    matches: bool


class Hit(msgspec.Struct, frozen=True):
    """A place where the words are; without a message it is the title."""

    message_id: uuid.UUID | None
    pieces: list[Piece]


class FoundConversation(msgspec.Struct):
    """A conversation with the newest of its hits. ``title`` is in pieces, too."""

    id: uuid.UUID
    title: list[Piece]
    archived: bool
    hits: list[Hit]


class Found(NamedTuple):
    """One row of what the index found. ``excerpt`` takes some text apart around the words, which not all need."""

    conversation_id: uuid.UUID
    title: str
    archived: bool
    message_id: uuid.UUID | None
    excerpt: Callable[[], list[Piece]]


def search(user: "User", words: str) -> list[FoundConversation]:
    """One's own conversations that hold the words, the newest hit first. One query; any text is a valid one."""
    from . import search_postgres, search_sqlite

    find = search_postgres.find if connection.vendor == "postgresql" else search_sqlite.find
    found: dict[uuid.UUID, FoundConversation] = {}
    for hit in find(user.pk, words):
        plain = [Piece(hit.title, matches=False)]
        one = found.setdefault(hit.conversation_id, FoundConversation(hit.conversation_id, plain, hit.archived, []))
        if hit.message_id is None:
            one.title = hit.excerpt()
        elif len(one.hits) < HITS_SHOWN:
            one.hits.append(Hit(hit.message_id, legible(hit.excerpt())))
    return list(found.values())


def legible(pieces: list[Piece]) -> list[Piece]:
    """As it is read where there is no room for Markdown; what was looked for stays as it is."""
    read = (piece if piece.matches else Piece(SHAPE.sub("", piece.text), matches=False) for piece in pieces)
    return [piece for piece in read if piece.text]


def words_of(text: str) -> list[str]:
    """The words of a query, as far as they are taken into account."""
    known = text[: 4 * MAX_WORDS * MAX_WORD].encode("utf-8", "ignore").decode()
    # What separates words for the index does so here; of a word that is only signs nothing would be found.
    words = [word[:MAX_WORD] for word in re.split(r"[\s\x00-\x1f\"]+", known) if any(map(str.isalnum, word))]
    return words[:MAX_WORDS]
