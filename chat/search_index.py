"""The full text index: titles and messages, kept by triggers. Here is SQLite's, an FTS5 table.

``chat_search`` holds no text of its own: it reads it through the view, and has to be told exactly what it
indexed when that goes. So the rule is: an entry is there if and only if its present text is indexed. An
answer being written has none until it ends, or every checkpoint would index all of it again.

SQLite drops a table's triggers with the table, and Django makes some tables anew in migrations: such a
migration runs ``install`` again at its end.
"""

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from . import search_index_postgres

TABLES = [
    """
    CREATE TABLE IF NOT EXISTS chat_search_entry (
      id INTEGER PRIMARY KEY,  -- the index's own: other rowids may change when the database is vacuumed
      owner_id CHAR(32) NOT NULL,
      conversation_id CHAR(32) NOT NULL,
      message_id CHAR(32) UNIQUE  -- NULL: the title
    )
    """,
    """
    CREATE UNIQUE INDEX IF NOT EXISTS chat_search_title ON chat_search_entry (conversation_id)
    WHERE message_id IS NULL
    """,
    """
    CREATE VIEW IF NOT EXISTS chat_search_text AS
    SELECT entry.id AS id, entry.owner_id AS owner,
      CASE WHEN entry.message_id IS NULL THEN conversation.title ELSE message.text END AS text
    FROM chat_search_entry AS entry
    LEFT JOIN chat_message AS message ON message.id = entry.message_id
    LEFT JOIN chat_conversation AS conversation
      ON conversation.id = entry.conversation_id AND entry.message_id IS NULL
    """,
    # The owner is a term like the words: the words of other people are never even looked at.
    """
    CREATE VIRTUAL TABLE IF NOT EXISTS chat_search USING fts5 (
      owner, text, content='chat_search_text', content_rowid='id',
      tokenize='unicode61 remove_diacritics 2', prefix='2 3'
    )
    """,
]

_MESSAGE_GONE = """
  INSERT INTO chat_search (chat_search, rowid, owner, text)
    SELECT 'delete', id, owner_id, old.text FROM chat_search_entry WHERE message_id = old.id;
  DELETE FROM chat_search_entry WHERE message_id = old.id;
"""
_MESSAGE_THERE = """
  INSERT INTO chat_search_entry (owner_id, conversation_id, message_id)
    SELECT owner_id, id, new.id FROM chat_conversation WHERE id = new.conversation_id AND new.text <> ''
      AND NOT EXISTS (
        SELECT 1 FROM chat_generation WHERE message_id = new.id AND status IN ('queued', 'running')
      );
  INSERT INTO chat_search (rowid, owner, text)
    SELECT id, owner_id, new.text FROM chat_search_entry WHERE message_id = new.id;
"""
_TITLE_GONE = """
  INSERT INTO chat_search (chat_search, rowid, owner, text)
    SELECT 'delete', id, owner_id, old.title FROM chat_search_entry
    WHERE conversation_id = old.id AND message_id IS NULL;
  DELETE FROM chat_search_entry WHERE conversation_id = old.id AND message_id IS NULL;
"""
_TITLE_THERE = """
  INSERT INTO chat_search_entry (owner_id, conversation_id) SELECT new.owner_id, new.id WHERE new.title <> '';
  INSERT INTO chat_search (rowid, owner, text)
    SELECT id, owner_id, new.title FROM chat_search_entry WHERE conversation_id = new.id AND message_id IS NULL;
"""
TRIGGERS = {
    "chat_search_message_insert": ("INSERT ON chat_message", _MESSAGE_THERE),
    "chat_search_message_update": ("UPDATE OF text ON chat_message", _MESSAGE_GONE + _MESSAGE_THERE),
    "chat_search_message_delete": ("DELETE ON chat_message", _MESSAGE_GONE),
    "chat_search_title_insert": ("INSERT ON chat_conversation", _TITLE_THERE),
    "chat_search_title_update": ("UPDATE OF title ON chat_conversation", _TITLE_GONE + _TITLE_THERE),
    "chat_search_title_delete": ("DELETE ON chat_conversation", _TITLE_GONE),
}

FILL = [
    """
    INSERT INTO chat_search_entry (owner_id, conversation_id)
      SELECT owner_id, id FROM chat_conversation WHERE title <> ''
    """,
    """
    INSERT INTO chat_search_entry (owner_id, conversation_id, message_id)
      SELECT conversation.owner_id, conversation.id, message.id
      FROM chat_message AS message JOIN chat_conversation AS conversation ON conversation.id = message.conversation_id
      WHERE message.text <> '' AND NOT EXISTS (
        SELECT 1 FROM chat_generation WHERE message_id = message.id AND status IN ('queued', 'running')
      )
      ORDER BY message.created_at
    """,
    "INSERT INTO chat_search (chat_search) VALUES ('rebuild')",
]


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create what is missing of the index and its triggers; for migrations."""
    if schema_editor.connection.vendor == "postgresql":
        search_index_postgres.install(schema_editor)
        return
    for statement in TABLES:
        schema_editor.execute(statement)
    for name, (event, body) in TRIGGERS.items():
        schema_editor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} BEGIN {body} END")


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Index what there is already."""
    statements = search_index_postgres.FILL if schema_editor.connection.vendor == "postgresql" else FILL
    for statement in statements:
        schema_editor.execute(statement)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        search_index_postgres.remove(schema_editor)
        return
    for name in TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    for what in ("TABLE chat_search", "VIEW chat_search_text", "TABLE chat_search_entry"):
        schema_editor.execute(f"DROP {what}")
