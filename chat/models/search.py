"""Searching one's conversations: titles and messages that hold all of some words, or words that begin so."""

import re
import unicodedata
import uuid
from typing import TYPE_CHECKING

import msgspec
from django.db import connection

if TYPE_CHECKING:
    from accounts.models import User

MAX_WORDS = 12
MAX_WORD = 64  # characters
MAX_HITS = 60
HITS_SHOWN = 3  # of one conversation

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


def search(user: "User", words: str) -> list[FoundConversation]:
    """One's own conversations that hold the words, the newest hit first. One query; any text is a valid one."""
    wanted = match_expression(user.pk, words)
    if wanted is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(HITS, [wanted, user.pk.hex])
        rows = cursor.fetchall()
    found: dict[str, FoundConversation] = {}
    for conversation_id, title, archived, message_id, snippet in rows:
        plain = [Piece(title, matches=False)]
        one = found.setdefault(
            conversation_id, FoundConversation(uuid.UUID(conversation_id), plain, bool(archived), [])
        )
        if message_id is None:
            one.title = pieces(snippet)
        elif len(one.hits) < HITS_SHOWN:
            one.hits.append(Hit(uuid.UUID(message_id), pieces(snippet)))
    return list(found.values())


def match_expression(owner_id: uuid.UUID, words: str) -> str | None:
    """The query in FTS5's language: each word quoted, so that none of it is an operator. None: there is no word."""
    text = unicodedata.normalize("NFC", words[: 4 * MAX_WORDS * MAX_WORD])
    known = text.encode("utf-8", "ignore").decode()
    # What separates words for the index does so here; of a word that is only signs nothing would be found.
    terms = [word[:MAX_WORD] for word in re.split(r"[\s\x00-\x1f\"]+", known) if any(map(str.isalnum, word))]
    if not terms:
        return None
    quoted = " AND ".join(f'"{term}"{"*" if len(term) > 1 else ""}' for term in terms[:MAX_WORDS])
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
