"""Conversations of any length and number, as the database would have them after all those prompts and answers."""

import sqlite3
import uuid

from tests.live.server import LiveServer


def make_conversation(site: LiveServer, count: int) -> str:
    """A conversation of Alice's; its path."""
    owner = site.people["alice"]["id"].replace("-", "")
    conversation = uuid.uuid4().hex
    ids = [uuid.uuid4().hex for _ in range(count)]
    text = "This is message {} with a few words.\n\n- one\n- two\n\n```python\nx = {}\n```\n"
    rows = [
        (
            ids[n],
            conversation,
            ids[n - 1] if n else None,
            "assistant" if n % 2 else "user",
            text.format(n, n),
            "",
            f"2026-01-01 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}",
        )
        for n in range(count)
    ]
    with sqlite3.connect(site.data_dir / "parley.sqlite3", timeout=20) as database:
        now = "2026-01-02 00:00:00"
        database.execute(
            "INSERT INTO chat_conversation (id, owner_id, title, title_state, created_at, updated_at, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (conversation, owner, "Long", "given", now, now, now),
        )
        database.executemany(
            "INSERT INTO chat_message (id, conversation_id, parent_id, role, text, thinking, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        database.execute("UPDATE chat_conversation SET active_leaf_id = ? WHERE id = ?", (ids[-1], conversation))
    return f"/c/{uuid.UUID(conversation)}/"


def add_titles(site: LiveServer, who: str, titles: list[str]) -> None:
    """A conversation for each title, without messages."""
    owner = site.people[who]["id"].replace("-", "")
    now = "2026-01-02 00:00:00"
    with sqlite3.connect(site.data_dir / "parley.sqlite3", timeout=20) as database:
        database.executemany(
            "INSERT INTO chat_conversation (id, owner_id, title, title_state, created_at, updated_at, seen_at)"
            " VALUES (?, ?, ?, 'given', ?, ?, ?)",
            [(uuid.uuid4().hex, owner, title, now, now, now) for title in titles],
        )
