"""Asking the full text index on PostgreSQL, and cutting out and marking what it finds."""

import re
import unicodedata
import uuid
from functools import partial

from django.db import connection

from .search import MAX_HITS, Found, Piece, words_of

SNIPPET_WORDS, WORDS_BEFORE = 14, 4
MARKS = re.compile("[\u0300-\u036f]")  # accents: the same ones as the index's chat_search_fold leaves out
WORD = re.compile(r"[^\W_]+")

HITS = f"""
SELECT hit.conversation_id, hit.title, hit.archived, hit.message_id, coalesce(message.text, hit.title)
FROM (
  SELECT entry.id, entry.conversation_id, entry.message_id, conversation.title,
    conversation.archived_at IS NOT NULL AS archived
  FROM chat_search_entry AS entry JOIN chat_conversation AS conversation ON conversation.id = entry.conversation_id
  WHERE entry.words @@ %s::tsquery AND conversation.owner_id = %s AND conversation.deleted_at IS NULL
  ORDER BY entry.id DESC LIMIT {MAX_HITS}
) AS hit LEFT JOIN chat_message AS message ON message.id = hit.message_id
ORDER BY hit.id DESC
"""  # noqa: S608 (constants)


def find(owner_id: uuid.UUID, words: str) -> list[Found]:
    """The newest hits of one person's. Any text is a valid query; one without a word finds nothing."""
    terms = [WORD.findall(fold(word)) for word in words_of(words)]
    wanted = [term for term in terms if term]
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(HITS, [query(owner_id, wanted), owner_id])
        rows = cursor.fetchall()
    return [
        Found(conversation_id, title, archived, message_id, partial(excerpt, text, wanted))
        for conversation_id, title, archived, message_id, text in rows
    ]


def query(owner_id: uuid.UUID, terms: list[list[str]]) -> str:
    """As a tsquery. The words are letters and digits, so none of it is an operator; the last of each may go on."""
    phrases = []
    for term in terms:
        *whole, begun = [f"'{word}'" for word in term]
        phrases.append(" <-> ".join([*whole, f"{begun}:*" if len(term[-1]) > 1 else begun]))
    return " & ".join([f"'={owner_id.hex}'", *(f"({phrase})" for phrase in phrases)])


def fold(text: str) -> str:
    """Without case and accents, as the index has it."""
    return MARKS.sub("", unicodedata.normalize("NFKD", text)).lower()


def excerpt(text: str, terms: list[list[str]]) -> list[Piece]:
    """Some words around the first that was looked for, on one line, each that was looked for marked."""
    begun = tuple(term[-1] for term in terms if len(term[-1]) > 1)
    whole = {word for term in terms for word in term}
    places: list[tuple[int, int, bool]] = []
    first: int | None = None
    for found in WORD.finditer(text):
        folded = fold(found[0])
        matches = folded in whole or folded.startswith(begun)
        if matches and first is None:
            first = max(0, len(places) - WORDS_BEFORE)
        places.append((*found.span(), matches))
        if first is not None and len(places) >= first + SNIPPET_WORDS:
            break
    # Near the end of a text there is more room before.
    first = max(0, min(first or 0, len(places) - SNIPPET_WORDS))
    return _pieces(text, places[first : first + SNIPPET_WORDS])


def _pieces(text: str, places: list[tuple[int, int, bool]]) -> list[Piece]:
    if not places:
        return [Piece(" ".join(text.split())[:80], matches=False)]
    start = 0 if not WORD.search(text, 0, places[0][0]) else places[0][0]
    after = WORD.search(text, places[-1][1])
    taken = [Piece("…", matches=False)] if start else []
    at = start
    for begin, end, matches in places:
        if matches:
            taken += [Piece(text[at:begin], matches=False), Piece(text[begin:end], matches=True)]
            at = end
    taken.append(Piece(text[at : places[-1][1]] + "…" if after else text[at:], matches=False))
    return [Piece(piece.text.replace("\n", " "), piece.matches) for piece in taken if piece.text]
