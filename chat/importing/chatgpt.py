"""ChatGPT's export: ``conversations.json`` with a ``mapping`` of nodes, branches and all."""

import datetime
from typing import Any

import msgspec

from .tree import ForeignConversation, Node, Unreadable, arranged, joined

TEXTS = {"text", "multimodal_text", "code"}


class _Author(msgspec.Struct):
    role: str


class _Content(msgspec.Struct):
    content_type: str = ""
    parts: list[Any] | None = None
    text: str | None = None


class _Message(msgspec.Struct):
    author: _Author
    content: _Content
    create_time: float | None = None
    metadata: dict[str, Any] = {}


class _Entry(msgspec.Struct):
    message: _Message | None = None
    parent: str | None = None


class _Conversation(msgspec.Struct):
    mapping: dict[str, _Entry]
    title: str | None = None
    create_time: float | None = None
    update_time: float | None = None
    current_node: str | None = None
    conversation_id: str | None = None
    id: str | None = None


def read_conversation(raw: msgspec.Raw) -> ForeignConversation:
    """Raises Unreadable."""
    try:
        found = msgspec.json.decode(raw, type=_Conversation)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable from error
    key = found.conversation_id or found.id
    if not key:
        raise Unreadable
    parents = {name: entry.parent for name, entry in found.mapping.items()}
    nodes = [node for name, entry in found.mapping.items() if (node := _node(name, entry))]
    ordered, leaf = joined(*arranged(nodes, parents, found.current_node))
    return ForeignConversation(key, found.title or "", _at(found.create_time), _at(found.update_time), ordered, leaf)


def _node(name: str, entry: _Entry) -> Node | None:
    """None for what nobody was shown: system messages, tools, thoughts, hidden contexts."""
    message = entry.message
    if message is None or message.author.role not in {"user", "assistant"}:
        return None
    if message.content.content_type not in TEXTS or message.metadata.get("is_visually_hidden_from_conversation"):
        return None
    parts = message.content.parts or ([message.content.text] if message.content.text else [])
    text = "\n\n".join(part for part in parts if isinstance(part, str) and part.strip())
    files = message.metadata.get("attachments")
    attachments = max(sum(isinstance(part, dict) for part in parts), len(files) if isinstance(files, list) else 0)
    if not text and not attachments:
        return None
    return Node(name, entry.parent, message.author.role, text, _at(message.create_time), attachments)


def _at(seconds: float | None) -> datetime.datetime | None:
    try:
        return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None
