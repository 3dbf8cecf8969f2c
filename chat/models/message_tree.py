"""The shape of a conversation: who follows whom, without the texts."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID


class MessageTree:
    """Made of (message, parent) pairs in the order in which they were written."""

    def __init__(self, rows: Iterable[tuple[UUID, UUID | None]]) -> None:
        self.parents = dict(rows)
        self.children: dict[UUID | None, list[UUID]] = defaultdict(list)
        for message_id, parent_id in self.parents.items():
            self.children[parent_id].append(message_id)

    def path(self, leaf: UUID | None) -> list[UUID]:
        """From the root to ``leaf``, both included; empty when there is no such message."""
        path: list[UUID] = []
        while leaf in self.parents:
            path.append(leaf)
            leaf = self.parents[leaf]
        return path[::-1]

    def siblings(self, message_id: UUID) -> list[UUID]:
        """The alternatives of a message, itself included, the oldest first."""
        return self.children[self.parents[message_id]]

    def newest_leaf(self, message_id: UUID) -> UUID:
        """Where one ends up who follows the newest alternative each time."""
        while message_id in self.children:
            message_id = self.children[message_id][-1]
        return message_id
