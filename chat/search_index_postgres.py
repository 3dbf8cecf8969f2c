"""The full text index on PostgreSQL: one row of words for each title and message, kept by triggers.

Words are cut and folded without regard to any language: case and accents do not matter, and all of a phrase's
words count. An answer being written has no row until it ends, or every checkpoint would index all of it again.
"""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAX_INDEXED = 150_000  # characters of one message: PostgreSQL takes no more than a megabyte of different words

# psycopg is given no parameters here, so that % stands for itself.
TABLES = [
    """
    CREATE TABLE IF NOT EXISTS chat_search_entry (
      id BIGSERIAL PRIMARY KEY,  -- the newest text has the highest
      conversation_id UUID NOT NULL,
      message_id UUID UNIQUE,  -- NULL: the title
      words TSVECTOR NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX IF NOT EXISTS chat_search_title ON chat_search_entry (conversation_id)
    WHERE message_id IS NULL
    """,
    # Looked at often, added to seldom: without the list of what is pending, that every search would walk through.
    "CREATE INDEX IF NOT EXISTS chat_search_words ON chat_search_entry USING gin (words) WITH (fastupdate = off)",
]

# The owner is a term like the words, but one that nobody can type: the words of other people are not looked at.
FUNCTIONS = {
    "chat_search_fold(content text) RETURNS text": f"""
      SELECT regexp_replace(
        regexp_replace(normalize(left(content, {MAX_INDEXED}), NFKD), '[\u0300-\u036f]', '', 'g'),
        '[^[:alnum:]]+', ' ', 'g')
    """,
    "chat_search_words(owner uuid, content text) RETURNS tsvector": """
      SELECT array_to_tsvector(ARRAY['=' || replace(owner::text, '-', '')])
        || to_tsvector('simple', chat_search_fold(content))
    """,
}
TRIGGERS = {
    "chat_search_message": (
        "chat_message",
        "text",
        """
        DELETE FROM chat_search_entry WHERE message_id = old.id;
        """,
        """
        INSERT INTO chat_search_entry (conversation_id, message_id, words)
          SELECT id, new.id, chat_search_words(owner_id, new.text) FROM chat_conversation
          WHERE id = new.conversation_id AND new.text <> '' AND NOT EXISTS (
            SELECT 1 FROM chat_generation WHERE message_id = new.id AND status IN ('queued', 'running')
          );
        """,
    ),
    "chat_search_title": (
        "chat_conversation",
        "title",
        """
        DELETE FROM chat_search_entry WHERE conversation_id = old.id AND message_id IS NULL;
        """,
        """
        INSERT INTO chat_search_entry (conversation_id, words)
          SELECT new.id, chat_search_words(new.owner_id, new.title) WHERE new.title <> '';
        """,
    ),
}
FILL = [
    """
    INSERT INTO chat_search_entry (conversation_id, words)
      SELECT id, chat_search_words(owner_id, title) FROM chat_conversation WHERE title <> ''
    """,
    """
    INSERT INTO chat_search_entry (conversation_id, message_id, words)
      SELECT conversation.id, message.id, chat_search_words(conversation.owner_id, message.text)
      FROM chat_message AS message JOIN chat_conversation AS conversation ON conversation.id = message.conversation_id
      WHERE message.text <> '' AND NOT EXISTS (
        SELECT 1 FROM chat_generation WHERE message_id = message.id AND status IN ('queued', 'running')
      )
      ORDER BY message.created_at
    """,
]


def install(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create what is missing."""
    for statement in TABLES:
        schema_editor.execute(statement)
    for signature, body in FUNCTIONS.items():
        schema_editor.execute(f"CREATE OR REPLACE FUNCTION {signature} LANGUAGE sql IMMUTABLE AS $${body}$$")
    for name, (table, column, gone, there) in TRIGGERS.items():
        body = f"""
          IF TG_OP <> 'INSERT' THEN {gone} END IF;
          IF TG_OP <> 'DELETE' THEN {there} END IF;
          RETURN NULL;
        """
        schema_editor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$"
        )
        schema_editor.execute(
            f"CREATE OR REPLACE TRIGGER {name} AFTER INSERT OR DELETE OR UPDATE OF {column} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def remove(schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name, (table, *_) in TRIGGERS.items():
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")
    schema_editor.execute("DROP TABLE chat_search_entry")
    for signature in FUNCTIONS:
        schema_editor.execute(f"DROP FUNCTION {signature.partition(' RETURNS')[0]}")
