"""Where the truth is kept: ``DATABASE_URL``, read in one place."""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .environment import Environment, WrongSetting

# WAL lets readers go on while one writes; IMMEDIATE takes the write lock at the start of a transaction,
# so that it waits its turn (busy timeout) instead of failing half-way. NORMAL is safe against a killed process.
SQLITE_PRAGMAS = "; ".join(
    [
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=NORMAL",
        "PRAGMA foreign_keys=ON",
        "PRAGMA cache_size=-8000",  # KiB for each connection
        "PRAGMA mmap_size=134217728",
        "PRAGMA journal_size_limit=67108864",
    ]
)
BUSY_TIMEOUT_S = 20


# No statement, and no wait for a lock, may hold up those behind it for longer; a connection whose other end is gone
# without a word is noticed. Migrations lift the first two.
POSTGRES_TIMEOUTS = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
POSTGRES_CONNECTION = {
    "application_name": "parley",
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
POOL_TIMEOUT_S = 5
# What a URL may add, by libpq's names; ``pgbouncer=1`` is ours: it does not know what belongs to a connection.
POSTGRES_PARAMETERS = {
    *("host", "application_name", "connect_timeout", "target_session_attrs", "channel_binding", "gssencmode"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "pgbouncer"),
}


def database(environment: Environment, data_dir: Path) -> dict[str, Any]:
    """Django's description of the one database."""
    url = environment.text("DATABASE_URL")
    if not url:
        return sqlite(data_dir / "parley.sqlite3")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme in {"postgres", "postgresql"}:
        return postgres(parts, port, environment.integer("DATABASE_POOL_SIZE", 20, least=4, most=1000))
    if parts.scheme != "sqlite" or parts.netloc or len(parts.path) < 2:
        raise WrongSetting("DATABASE_URL", "must be postgresql://…, sqlite:///path/to/file or be left out.")
    return sqlite(Path(unquote(parts.path[1:])))


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": BUSY_TIMEOUT_S, "init_command": SQLITE_PRAGMAS},
    }


def postgres(parts: SplitResult, port: int | None, pool_size: int) -> dict[str, Any]:
    """A server by host and port, or by the folder of its socket: ``postgresql:///parley?host=/run/postgresql``."""
    parameters = dict(parse_qsl(parts.query))
    name = unquote(parts.path[1:])
    if not name or "/" in name:
        raise WrongSetting("DATABASE_URL", "must name a database: postgresql://user:password@host/name.")
    if unknown := sorted(parameters.keys() - POSTGRES_PARAMETERS):
        raise WrongSetting("DATABASE_URL", f"has a parameter that is not known: “{unknown[0]}”.")
    host = parameters.pop("host", "") or unquote(parts.hostname or "")
    behind_pgbouncer = parameters.pop("pgbouncer", "0") == "1"
    timeouts = {} if behind_pgbouncer else {"options": POSTGRES_TIMEOUTS}
    # Threads give a connection back after each use, and the pool looks whether it still works before the next one.
    pool = {"min_size": 2, "max_size": pool_size, "timeout": POOL_TIMEOUT_S}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": behind_pgbouncer,
        "OPTIONS": POSTGRES_CONNECTION | timeouts | parameters | {"pool": pool},
    }


def unreachable(connection: Any) -> str:
    """Why the server cannot be used, in its own words; empty: it can, or there is no server.

    The pool would only say that it has waited in vain.
    """
    if connection.vendor != "postgresql":
        return ""
    try:
        connection.Database.connect(**connection.get_connection_params()).close()
    except connection.Database.Error as error:
        return " ".join(str(error).split())
    return ""
