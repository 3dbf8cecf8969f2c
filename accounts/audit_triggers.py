"""The database's own refusal to change what the audit log holds.

SQLite drops a table's triggers with the table, and Django makes some tables anew in migrations: such a
migration runs ``install`` again at its end.
"""

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "accounts_auditentry"
REFUSAL = "The audit log is append-only."
SQLITE = [
    f"""
    CREATE TRIGGER IF NOT EXISTS audit_refuses_{event.lower()} BEFORE {event} ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """
    for event in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""
    CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    f"""
    CREATE OR REPLACE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()
    """,
]


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create what is missing; for migrations."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS audit_refuses_change ON {TABLE}")
        schema_editor.execute("DROP FUNCTION IF EXISTS audit_refuses()")
        return
    for event in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS audit_refuses_{event}")
