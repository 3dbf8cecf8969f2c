"""Asking the full text index on SQLite, which also cuts out and marks what it finds."""

import re
import unicodedata
import uuid
from functools import partial

from django.db import connection

from .search import MAX_HITS, Found, Piece, words_of

# Around the words found, in what SQLite cuts out; a text that holds them itself only has more words marked.
OPEN, CLOSE = "\x02", "\x03"
SNIPPET_TOKENS = 14

HITS = f"""
SELECT entry.conversation_id, conversation.title, conversation.archived_at IS NOT NULL, entry.message_id,
  snippet(chat_search, 1, '{OPEN}', '{CLOSE}', '…', {SNIPPET_TOKENS})
FROM chat_search AS found
CROSS JOIN chat_search_entry AS entry ON entry.id = found.rowid
CROSS JOIN chat_conversation AS conversation ON conversation.id = entry.conversation_id
WHERE chat_search MATCH %s AND conversation.owner_id = %s AND conversation.deleted_at IS NULL
ORDER BY found.rowid DESC LIMIT {MAX_HITS}
"""  # noqa: S608 (constants; CROSS: in this order, so that the newest come without sorting)


def find(owner_id: uuid.UUID, words: str) -> list[Found]:
    """The newest hits of one person's. Any text is a valid query; one without a word finds nothing."""
    wanted = match_expression(owner_id, words)
    if wanted is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(HITS, [wanted, owner_id.hex])
        rows = cursor.fetchall()
    return [
        Found(
            uuid.UUID(conversation_id),
            title,
            bool(archived),
            uuid.UUID(message_id) if message_id else None,
            partial(pieces, snippet),
        )
        for conversation_id, title, archived, message_id, snippet in rows
    ]


def match_expression(owner_id: uuid.UUID, words: str) -> str | None:
    """The query in FTS5's language: each word quoted, so that none of it is an operator. None: there is no word."""
    terms = words_of(unicodedata.normalize("NFC", words))
    if not terms:
        return None
    quoted = " AND ".join(f'"{term}"{"*" if len(term) > 1 else ""}' for term in terms)
    return f'owner : "{owner_id.hex}" AND text : ({quoted})'


def pieces(snippet: str) -> list[Piece]:
    """What SQLite cut out, taken apart at its marks; on one line."""
    parts = re.split(f"([{OPEN}{CLOSE}])", " ".join(snippet.split(" ")).replace("\n", " "))
    taken: list[Piece] = []
    matches = False
    for part in parts:
        if part in (OPEN, CLOSE):
            matches = part == OPEN
        elif part:
            taken.append(Piece(part, matches))
    return taken
