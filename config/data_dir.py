"""The data folder: made when missing, proved writable, keeper of the secret key."""

import os
import secrets
import tempfile
from pathlib import Path

from .environment import WrongSetting

PROBE_BYTES = 4096


def prepare(path: Path) -> Path:
    """Make the folder and write to it once, so that a full or read-only disk is said now and plainly."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0" * PROBE_BYTES)
            probe.flush()
    except OSError as error:
        raise WrongSetting("DATA_DIR", f"is {path}, which cannot be written ({error.strerror}).") from error
    return path


def secret_key(folder: Path) -> str:
    """The key kept in the folder, made on the first start."""
    path = folder / "secret_key"
    try:
        if not path.exists():
            _make_once(path, secrets.token_urlsafe(50))
        key = path.read_text().strip()
    except OSError as error:
        raise WrongSetting("SECRET_KEY", f"cannot be kept in {path} ({error.strerror}).") from error
    if not key:
        raise WrongSetting("SECRET_KEY", f"is kept in {path}, which is empty; remove that file or set the key.")
    return key


def _make_once(path: Path, content: str) -> None:
    """Appear whole or not at all: two processes may start at the same moment, and one of them wins."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
