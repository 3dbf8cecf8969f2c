"""File names made of titles, which anybody may have written: good on every system, going nowhere else."""

import re
import unicodedata

from chat.models import Conversation

MAX_BYTES = 120
# What some system forbids or reads as something else: separators, wildcards, quotes, drives.
FORBIDDEN = re.compile(r'[<>:"/\\|?*%~$`\'!&;^]+')
# Of Windows, whatever follows the first dot.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe(title: str) -> str:
    """The title's words without anything that a file system or a shell could take for more."""
    text = unicodedata.normalize("NFC", title)
    # Control, format (the ones that turn the reading direction, too), private and lone surrogate characters.
    text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    text = " ".join(FORBIDDEN.sub(" ", text).split()).strip(". -")
    text = text.encode()[:MAX_BYTES].decode(errors="ignore").strip(". -")
    return "" if RESERVED.match(text) else text


def file_name(conversation: Conversation, extension: str) -> str:
    """``2026-11-21 Title 1a2b3c4d.md``: sorted by day, and one's own by the beginning of its id."""
    parts = [f"{conversation.created_at:%Y-%m-%d}", safe(conversation.title), conversation.pk.hex[:8]]
    return f"{' '.join(part for part in parts if part)}.{extension}"
