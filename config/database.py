"""Where the truth is kept: ``DATABASE_URL``, read in one place."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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


def database(environment: Environment, data_dir: Path) -> dict[str, Any]:
    """Django's description of the one database."""
    url = environment.text("DATABASE_URL")
    if not url:
        return sqlite(data_dir / "parley.sqlite3")
    parts = urlsplit(url)
    if parts.scheme in {"postgres", "postgresql"}:
        raise WrongSetting("DATABASE_URL", "names a PostgreSQL server, which is not supported yet: leave it out.")
    if parts.scheme != "sqlite" or parts.netloc or len(parts.path) < 2:
        raise WrongSetting("DATABASE_URL", "must be sqlite:///path/to/file or be left out.")
    return sqlite(Path(unquote(parts.path[1:])))


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": BUSY_TIMEOUT_S, "init_command": SQLITE_PRAGMAS},
    }
