"""Makes what gettext reads of the translations people write: locale/…/*.po → *.mo, without gettext's own tools."""

import os
from collections.abc import Iterator
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_all(folder: Path = LOCALE) -> list[Path]:
    """Compile what is newer than what was made of it; returns that."""
    return [_compiled(source) for source in _stale(folder)]


def _stale(folder: Path) -> Iterator[Path]:
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            yield source


def _compiled(source: Path) -> Path:
    """Put in place whole, because several processes may do this at once."""
    target = source.with_suffix(".mo")
    part = target.with_suffix(f".{os.getpid()}.part")
    polib.pofile(str(source)).save_as_mofile(str(part))
    part.replace(target)
    return target


if __name__ == "__main__":
    compile_all()
