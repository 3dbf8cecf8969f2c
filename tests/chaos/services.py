"""What a cluster stands on besides its own files, and the faults that hit it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from .plan import Kind

ANYWHERE: tuple[Kind, ...] = ("kill", "stop", "term", "cut", "stall", "provider reset", "provider stall")


class Services(Protocol):
    """``settings``: what the processes are told. ``kinds``: the faults that make sense here."""

    settings: dict[str, Any]
    kinds: tuple[Kind, ...]

    def strike(self, kind: Kind, lasts_s: float) -> None:
        """Carry out a fault of the database or of Redis; blocking, until it is over."""
        ...


class FilesOnly:
    """One process and SQLite."""

    settings: dict[str, Any] = {}  # noqa: RUF012 (nothing is ever put into it)
    kinds = ANYWHERE

    def strike(self, kind: Kind, lasts_s: float) -> None:
        raise ValueError(f"there is nothing that {kind} could hit")


@contextlib.contextmanager
def services_for(name: str, folder: Path) -> Iterator[Services]:
    """Start what a run stands on: ``files``, ``postgres`` or ``redis`` (with PostgreSQL)."""
    if name != "files":
        raise NotImplementedError(name)
    yield FilesOnly()
