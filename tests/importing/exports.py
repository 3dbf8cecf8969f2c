"""Exports of other products, as their files are."""

import io
import json
import zipfile
from typing import Any

from accounts.models import User
from chat.importing import read
from chat.importing.storing import store
from chat.importing.tree import ForeignConversation
from chat.models import Conversation

Json = dict[str, Any]


def node(key: str, parent: str | None, role: str = "", *parts: Any, **more: Any) -> tuple[str, Json]:
    """An entry of ChatGPT's mapping; without a role one that holds no message."""
    kind = more.pop("kind", "text")
    message = {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": more.pop("at", 1700000000.5),
        "content": {"content_type": kind, "parts": list(parts)},
        "status": "finished_successfully",
        "metadata": more,
        "recipient": "all",
    }
    return key, {"id": key, "message": message if role else None, "parent": parent, "children": []}


def chatgpt(*entries: tuple[str, Json], key: str = "c-1", leaf: str = "a2", title: str = "Bread") -> Json:
    return {
        "title": title,
        "create_time": 1700000000.0,
        "update_time": 1700000100.0,
        "mapping": dict(entries),
        "current_node": leaf,
        "conversation_id": key,
        "id": key,
        "moderation_results": [],
        "plugin_ids": None,
    }


BREAD = chatgpt(
    node("root", None),
    node("sys", "root", "system", "", is_visually_hidden_from_conversation=True),
    node("u1", "sys", "user", "How do I bake bread?"),
    node("a1", "u1", "assistant", "Mix flour and water."),
    node("u2", "a1", "user", "And then?"),
    node("a2", "u2", "assistant", "Bake it."),
    node("u2b", "a1", "user", "And *before*?"),
    node("a2b", "u2b", "assistant", "Wash your hands."),
)


CLAUDE: Json = {
    "uuid": "8a1f",
    "name": "Trees",
    "created_at": "2024-05-01T10:00:00.123456Z",
    "updated_at": "2024-05-01T10:05:00.123456Z",
    "account": {"uuid": "x"},
    "chat_messages": [
        {
            "uuid": "m1",
            "text": "What is an oak?",
            "content": [{"type": "text", "text": "What is an oak?", "citations": []}],
            "sender": "human",
            "created_at": "2024-05-01T10:00:01Z",
            "attachments": [{"file_name": "leaf.txt", "extracted_content": "green"}],
            "files": [],
        },
        {
            "uuid": "m2",
            "text": "",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "A **tree**."}],
            "sender": "assistant",
            "created_at": "2024-05-01T10:00:02Z",
            "attachments": [],
            "files": [],
        },
    ],
}


def parsed(*conversations: Any) -> list[ForeignConversation]:
    upload = read(io.BytesIO(json.dumps(conversations).encode()))
    return [upload.read_conversation(raw) for raw in upload.conversations]


def stored(user: User, conversation: Json) -> Conversation:
    [found] = parsed(conversation)
    assert store(user, "test", found) == "imported"
    return Conversation.objects.visible_to(user).latest("created_at")


def texts(conversation: Conversation) -> list[str]:
    return [message.text for message in conversation.branch()]


def archive(**files: bytes) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    packed.seek(0)
    return packed
