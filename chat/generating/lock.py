"""One process at a time on a data folder: SQLite and the journal belong to it alone."""

import fcntl
import os
from pathlib import Path


class DataInUse(Exception):
    """Another process serves this data folder."""


class DataLock:
    """An exclusive lock that the kernel drops when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises DataInUse."""
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise DataInUse(
                f"DATA_DIR: another Parley process uses {self._path.parent}. Stop it, or choose another folder."
            ) from None

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
