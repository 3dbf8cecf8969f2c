"""All of a person's conversations as one ZIP, made while it is sent: never more than one conversation in memory."""

import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from django.utils import timezone

from chat.models import Conversation

from .markdown import as_markdown
from .names import file_name
from .records import ConversationRecord

if TYPE_CHECKING:
    from accounts.models import User

FORMAT = "parley-export"
VERSION = 1


class _Sink:
    """A file that can only be written: what was written is taken out and sent."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def archive(user: "User") -> Iterator[bytes]:
    """The ZIP's bytes piece by piece; each step is blocking and reads one conversation.

    ``conversations/….md`` is the active branch of each, ``conversations.json`` has everything. A conversation
    that is deleted meanwhile is left out.
    """
    sink = _Sink()
    keys = list(Conversation.objects.visible_to(user).order_by("created_at", "pk").values_list("pk", flat=True))
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as files:
        for key in keys:
            for conversation in Conversation.objects.visible_to(user).filter(pk=key):
                files.writestr(f"conversations/{file_name(conversation, 'md')}", as_markdown(conversation))
                yield sink.take()
        with files.open("conversations.json", "w", force_zip64=True) as records:
            for piece in _records(user, keys):
                records.write(piece)
                yield sink.take()
    yield sink.take()


def _records(user: "User", keys: Sequence[UUID]) -> Iterator[bytes]:
    """One JSON object: who, when, and the array of all conversations."""
    head = {"format": FORMAT, "version": VERSION, "exported_at": timezone.now(), "user": user.email}
    yield msgspec.json.encode(head)[:-1] + b',"conversations":['
    separator = b"\n"
    for key in keys:
        for conversation in Conversation.objects.visible_to(user).filter(pk=key):
            yield separator + msgspec.json.encode(ConversationRecord.of(conversation))
            separator = b",\n"
    yield b"\n]}\n"
