"""From an uploaded file to its conversations, each still as JSON: bounded in every way before it is believed."""

import dataclasses
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import chatgpt, claude
from .tree import ForeignConversation

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_JSON_BYTES = 150 * 1024 * 1024  # unpacked
MAX_ENTRIES = 20_000
MAX_CONVERSATIONS = 10_000
NAME = "conversations.json"


class ImportRefused(Exception):
    """The file cannot be imported; ``words`` say why to whoever uploaded it."""

    def __init__(self, words: str | Promise) -> None:
        super().__init__(str(words))
        self.words = words


class _Probe(msgspec.Struct):
    """What tells the products' conversations apart."""

    mapping: msgspec.Raw = msgspec.Raw()
    chat_messages: msgspec.Raw = msgspec.Raw()


@dataclasses.dataclass(frozen=True)
class Upload:
    """The conversations of a file, and how to read one (which raises Unreadable)."""

    source: str
    conversations: list[msgspec.Raw]
    read_conversation: Callable[[msgspec.Raw], ForeignConversation]


def read(file: IO[bytes]) -> Upload:
    """Raises ImportRefused. Nothing is unpacked to a disk, and no name in an archive is used as a path."""
    data = _unpacked(file) if zipfile.is_zipfile(file) else _bounded(file)
    try:
        found = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ImportRefused(_("This is neither a ChatGPT nor a Claude export.")) from None
    if len(found) > MAX_CONVERSATIONS:
        raise ImportRefused(_("There are too many conversations in this file."))
    for raw in found:
        if upload := _recognised(raw, found):
            return upload
    raise ImportRefused(_("This is neither a ChatGPT nor a Claude export."))


def _recognised(raw: msgspec.Raw, found: list[msgspec.Raw]) -> Upload | None:
    try:
        probe = msgspec.json.decode(raw, type=_Probe)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if bytes(probe.mapping):
        return Upload("chatgpt", found, chatgpt.read_conversation)
    return Upload("claude", found, claude.read_conversation) if bytes(probe.chat_messages) else None


def _unpacked(file: IO[bytes]) -> bytes:
    """The one entry that matters, found by its name and read no further than the limit, whatever it claims."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise ImportRefused(_("This archive holds too many files."))
            wanted = [entry for entry in entries if entry.filename.rpartition("/")[2] == NAME]
            if len(wanted) != 1:
                raise ImportRefused(_("There is no file “conversations.json” in this archive."))
            with archive.open(wanted[0]) as entry:
                return _bounded(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        raise ImportRefused(_("This archive cannot be read.")) from None


def _bounded(file: IO[bytes]) -> bytes:
    if file.seekable():
        file.seek(0)
    data = file.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise ImportRefused(_("This file is too large once it is unpacked."))
    return data
