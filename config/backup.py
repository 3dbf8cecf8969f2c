"""A backup: one folder with the database, the uploads and the secret key, made while the site runs."""

import datetime
import os
import shutil
from pathlib import Path

import msgspec
from django.conf import settings

from . import database_copy
from .database_copy import CopyFailed

VERSION = 1
LABEL, UPLOADS, KEY = "backup.json", "uploads", "secret_key"


class Label(msgspec.Struct, frozen=True):
    """What a backup says of itself."""

    version: int
    made_at: str
    database: str


def back_up(folder: Path) -> None:
    """Make a backup in a new folder; it appears whole or not at all. Raises CopyFailed."""
    if folder.exists():
        raise CopyFailed(f"{folder} is there already: a backup goes into a new folder.")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        draft.mkdir(mode=0o700, parents=True)
        # The database first: what it names is in the uploads then, unless it is deleted at this very moment.
        database_copy.take(draft / database_copy.name())
        (draft / database_copy.name()).chmod(0o600)
        if settings.MEDIA_ROOT.is_dir():
            shutil.copytree(settings.MEDIA_ROOT, draft / UPLOADS)
        if (key := settings.DATA_DIR / KEY).exists():
            shutil.copy(key, draft / KEY)
        made_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        label = Label(version=VERSION, made_at=made_at, database=database_copy.name())
        (draft / LABEL).write_bytes(msgspec.json.encode(label))
        draft.rename(folder)
    except OSError as error:
        raise CopyFailed(f"The backup cannot be written to {folder} ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def restore(folder: Path) -> Label:
    """Fill an empty site from a backup; nothing there is ever overwritten. Raises CopyFailed."""
    label = read_label(folder)
    if label.database != database_copy.name():
        kind = "PostgreSQL" if label.database.endswith(".dump") else "SQLite"
        raise CopyFailed(f"{folder} is a backup of {kind}: DATABASE_URL must name a database of that kind.")
    if settings.MEDIA_ROOT.is_dir() and any(settings.MEDIA_ROOT.iterdir()):
        raise CopyFailed(f"There are uploads in {settings.MEDIA_ROOT} already: restore into a new DATA_DIR.")
    if not database_copy.is_empty():
        raise CopyFailed("The database is not empty: restore into a new DATA_DIR, or an empty database.")
    try:
        database_copy.put(folder / label.database)
        if (folder / UPLOADS).is_dir():
            shutil.copytree(folder / UPLOADS, settings.MEDIA_ROOT, dirs_exist_ok=True)
        if (folder / KEY).exists():
            _put_key(folder / KEY)
    except OSError as error:
        raise CopyFailed(f"The backup cannot be restored ({error.strerror or error}).") from error
    return label


def read_label(folder: Path) -> Label:
    """Raises CopyFailed for what is no backup."""
    try:
        label = msgspec.json.decode((folder / LABEL).read_bytes(), type=Label)
    except (OSError, msgspec.MsgspecError) as error:
        raise CopyFailed(f"{folder} is not a backup: it has no readable {LABEL}.") from error
    if label.version != VERSION or label.database not in {"parley.sqlite3", "parley.dump"}:
        raise CopyFailed(f"{folder} is a backup of another version of Parley, which this one cannot read.")
    return label


def _put_key(key: Path) -> None:
    """In place of the one that any start makes in a new folder."""
    draft = settings.DATA_DIR / f".{KEY}.{os.getpid()}"
    shutil.copy(key, draft)
    draft.chmod(0o600)
    draft.replace(settings.DATA_DIR / KEY)
