"""Claude's export: ``conversations.json`` with a list of ``chat_messages``."""

import datetime
from typing import Any

import msgspec

from .tree import ForeignConversation, Node, Unreadable, arranged, joined

ROLES = {"human": "user", "assistant": "assistant"}
NO_PARENT = "00000000-0000-4000-8000-000000000000"


class _Message(msgspec.Struct):
    uuid: str
    sender: str
    text: str = ""
    content: list[dict[str, Any]] = []
    created_at: datetime.datetime | None = None
    attachments: list[Any] = []
    files: list[Any] = []
    parent_message_uuid: str | None = None


class _Conversation(msgspec.Struct):
    uuid: str
    chat_messages: list[_Message]
    name: str | None = None
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    current_leaf_message_uuid: str | None = None


def read_conversation(raw: msgspec.Raw) -> ForeignConversation:
    """Raises Unreadable."""
    try:
        found = msgspec.json.decode(raw, type=_Conversation)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable from error
    messages = found.chat_messages
    parents = {message.uuid: _parent(messages, place) for place, message in enumerate(messages)}
    nodes = [node for message in messages if (node := _node(message, parents[message.uuid]))]
    last = found.current_leaf_message_uuid or (messages[-1].uuid if messages else None)
    ordered, leaf = joined(*arranged(nodes, parents, last))
    return ForeignConversation(found.uuid, found.name or "", found.created_at, found.updated_at, ordered, leaf)


def _parent(messages: list[_Message], place: int) -> str | None:
    """Older exports name no parents: then it is the message before."""
    named = messages[place].parent_message_uuid
    if named is not None:
        return None if named == NO_PARENT else named
    return messages[place - 1].uuid if place else None


def _node(message: _Message, parent: str | None) -> Node | None:
    blocks = [block.get("text") for block in message.content if block.get("type") == "text"]
    text = "\n\n".join(block for block in blocks if isinstance(block, str) and block.strip()) or message.text
    attachments = len(message.attachments) + len(message.files)
    role = ROLES.get(message.sender)
    if role is None or not (text.strip() or attachments):
        return None
    return Node(message.uuid, parent, role, text, message.created_at, attachments)
