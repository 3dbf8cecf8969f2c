"""What the thread of a conversation shows: windows of the active branch, and each message with its alternatives."""

import dataclasses
from functools import cached_property
from uuid import UUID

from chat.models import Conversation, Generation, Message
from chat.models.message_tree import MessageTree

from .endings import Ending

WINDOW = 30


@dataclasses.dataclass(frozen=True)
class Entry:
    """A message as it is shown. Without a message it is the form that the browser fills in for a new one."""

    role: str
    message: Message | None = None
    siblings: tuple[UUID, ...] = ()

    @cached_property
    def generation(self) -> Generation | None:
        return self.message.last_generation if self.message else None

    @property
    def status(self) -> str:
        if self.message is None:
            return "queued"
        return self.generation.status if self.generation else Generation.Status.COMPLETED

    @cached_property
    def ending(self) -> Ending:
        return Ending.of(self.generation)

    @property
    def continues_at(self) -> tuple[int, int] | None:
        """Where the text and the thinking go on that are being written, in the browser's UTF-16 units."""
        if not (self.message and self.generation and self.generation.active):
            return None
        text = self.message.text[: self.generation.text_start]
        thinking = self.message.thinking[: self.generation.thinking_start]
        return _utf16_length(text), _utf16_length(thinking)

    @property
    def seconds(self) -> float | None:
        """How long it took to write."""
        if not (self.generation and self.generation.started_at and self.generation.finished_at):
            return None
        return (self.generation.finished_at - self.generation.started_at).total_seconds()

    @property
    def position(self) -> int:
        """Which of its alternatives this is, from 1."""
        return self.siblings.index(self.message.pk) + 1 if self.message else 1

    @property
    def previous(self) -> UUID | None:
        return self.siblings[self.position - 2] if self.position > 1 else None

    @property
    def next(self) -> UUID | None:
        return self.siblings[self.position] if self.position < len(self.siblings) else None


@dataclasses.dataclass(frozen=True)
class Window:
    """Neighbouring messages of a branch, and whether there are older and newer ones. Each costs three queries."""

    entries: list[Entry]
    older: bool
    newer: bool = False

    @classmethod
    def of(cls, conversation: Conversation, before: UUID | None = None) -> "Window":
        """The last messages of the active branch, or those before a message."""
        tree = conversation.tree()
        path = tree.path(tree.parents.get(before) if before else conversation.active_leaf_id)
        return cls(entries(conversation, tree, path[-WINDOW:]), older=len(path) > WINDOW)

    @classmethod
    def after(cls, conversation: Conversation, message: UUID) -> "Window":
        """The messages of the active branch that come after one of them."""
        tree = conversation.tree()
        path = tree.path(conversation.active_leaf_id)
        path = path[path.index(message) + 1 :] if message in path else []
        return cls(entries(conversation, tree, path[:WINDOW]), older=False, newer=len(path) > WINDOW)

    @classmethod
    def around(cls, conversation: Conversation, message: UUID) -> "Window":
        """A message of the active branch with some before and some after it; the end if it is on another branch."""
        tree = conversation.tree()
        path = tree.path(conversation.active_leaf_id)
        if message not in path:
            return cls.of(conversation)
        start = max(path.index(message) - WINDOW // 2, 0)
        shown = path[start : start + WINDOW]
        return cls(entries(conversation, tree, shown), older=start > 0, newer=start + WINDOW < len(path))

    @property
    def newest(self) -> UUID | None:
        message = self.entries[-1].message if self.entries else None
        return message.pk if message else None

    @property
    def oldest(self) -> UUID | None:
        message = self.entries[0].message if self.entries else None
        return message.pk if message else None


def entries(conversation: Conversation, tree: MessageTree, path: list[UUID]) -> list[Entry]:
    found = conversation.messages.prefetch_related("generations", "feedback").in_bulk(path)
    return [Entry(found[pk].role, found[pk], tuple(tree.siblings(pk))) for pk in path if pk in found]


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
