"""A conversation of another product, as all their formats are brought to: a tree of prompts and answers."""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable

STEP = datetime.timedelta(microseconds=1)


class Unreadable(Exception):
    """This is not a conversation as the product writes it."""


@dataclasses.dataclass(frozen=True)
class Node:
    """A message; ``parent`` is the id of another one, and what is not there counts as no parent."""

    id: str
    parent: str | None
    role: str
    text: str
    at: datetime.datetime | None = None
    attachments: int = 0


@dataclasses.dataclass(frozen=True)
class ForeignConversation:
    """``nodes`` are in order: every parent before its children. ``leaf`` ends the branch that was shown."""

    id: str
    title: str
    created_at: datetime.datetime | None
    updated_at: datetime.datetime | None
    nodes: list[Node]
    leaf: str | None

    @property
    def attachments(self) -> int:
        return sum(node.attachments for node in self.nodes)


def arranged(nodes: Iterable[Node], parents: dict[str, str | None], leaf: str | None) -> tuple[list[Node], str | None]:
    """The nodes in order under their nearest ancestors that are nodes, too, and the leaf likewise.

    ``parents`` may name more than the nodes (what is left out) and may be wrong in any way, cycles included:
    what cannot be reached from a root is left out.
    """
    kept = {node.id: node for node in nodes}
    children: dict[str | None, list[Node]] = defaultdict(list)
    for node in kept.values():
        children[_nearest(node.parent, kept, parents)].append(node)
    ordered: list[Node] = []
    waiting: list[tuple[str | None, Node]] = [(None, node) for node in reversed(children[None])]
    while waiting:
        parent, node = waiting.pop()
        ordered.append(dataclasses.replace(node, parent=parent))
        waiting += [(node.id, child) for child in reversed(children[node.id])]
    return ordered, _nearest(leaf, kept, parents)


def _nearest(key: str | None, kept: dict[str, Node], parents: dict[str, str | None]) -> str | None:
    seen: set[str] = set()
    while key is not None and key not in kept:
        if key in seen:
            return None
        seen.add(key)
        key = parents.get(key)
    return key


def joined(nodes: list[Node], leaf: str | None) -> tuple[list[Node], str | None]:
    """Answers in pieces (around the use of a tool) become one: an answer to an answer takes the other's place."""
    found: dict[str, Node] = {}
    pieces: set[str] = set()
    for node in nodes:
        before = found.get(node.parent) if node.parent else None
        if before is not None and before.role == node.role == "assistant":
            pieces.add(before.id)
            text = "\n\n".join(text for text in (before.text, node.text) if text)
            attachments = before.attachments + node.attachments
            node = dataclasses.replace(node, parent=before.parent, text=text, attachments=attachments)  # noqa: PLW2901
        found[node.id] = node
    if leaf in pieces:
        leaf = next((node.id for node in found.values() if node.parent == found[leaf].parent and node.id != leaf), leaf)
    return [node for node in found.values() if node.id not in pieces], leaf
