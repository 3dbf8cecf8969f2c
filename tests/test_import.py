"""/settings/data/imports/: exports of ChatGPT and Claude, good, odd and hostile."""

import asyncio
import contextlib
import datetime
import io
import json
import tracemalloc
import zipfile
from typing import Any

import aiohttp
import msgspec
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from chat.importing import ImportRefused, read
from chat.importing.storing import store
from chat.importing.tree import ForeignConversation, Unreadable
from chat.models import Conversation, Import, Message
from config.body_limit import MAX_BODY_BYTES
from tests.live.forms import SECRET
from tests.live.server import LiveServer

pytestmark = pytest.mark.django_db
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


def test_a_chatgpt_conversation_keeps_its_branches(alice: User) -> None:
    conversation = stored(alice, BREAD)
    assert str(conversation) == "Bread"
    assert conversation.created_at.year == 2023
    assert texts(conversation) == ["How do I bake bread?", "Mix flour and water.", "And then?", "Bake it."]
    other = Message.objects.get(text="Wash your hands.")
    assert other.parent
    assert other.parent.text == "And *before*?"
    assert other.parent.parent == Message.objects.get(text="Mix flour and water.")
    assert Message.objects.count() == 6


def test_a_claude_conversation_is_in_order_and_says_what_was_left_out(alice: User) -> None:
    conversation = stored(alice, CLAUDE)
    assert texts(conversation) == ["What is an oak?\n\n*Attachments were not imported.*", "A **tree**."]
    assert [message.role for message in conversation.branch()] == ["user", "assistant"]
    assert conversation.created_at.isoformat().startswith("2024-05-01T10:00:00.123456")


def test_answers_around_a_tool_are_one(alice: User) -> None:
    entries = (
        node("u1", None, "user", "Look it up", {"content_type": "image_asset_pointer"}),
        node("a1", "u1", "assistant", "Looking."),
        node("t1", "a1", "tool", "secret result"),
        node("a2", "t1", "assistant", "Found."),
    )
    conversation = stored(alice, chatgpt(*entries))
    assert texts(conversation) == ["Look it up\n\n*Attachments were not imported.*", "Looking.\n\nFound."]


def test_a_second_import_adds_nothing_and_keeps_what_was_changed(alice: User) -> None:
    conversation = stored(alice, BREAD)
    conversation.rename("My bread")
    assert store(alice, "test", parsed(BREAD)[0]) == "known"
    assert [str(one) for one in Conversation.objects.all()] == ["My bread"]


def test_what_was_deleted_can_be_imported_again(alice: User) -> None:
    stored(alice, BREAD).discard()
    assert texts(stored(alice, BREAD))


def test_the_same_export_of_two_people_is_both_of_theirs(alice: User, bob: User) -> None:
    stored(alice, BREAD)
    assert texts(stored(bob, BREAD))


def test_circles_and_missing_parents_end(alice: User) -> None:
    entries = (
        node("a", "b", "user", "in a circle"),
        node("b", "a", "assistant", "too"),
        node("u1", "gone", "user", "an orphan"),
        node("a2", "u1", "assistant", "found"),
        node("self", "self", "user", "mine"),
    )
    assert texts(stored(alice, chatgpt(*entries))) == ["an orphan", "found"]


def test_ten_thousand_messages_in_a_line_are_no_recursion(alice: User) -> None:
    entries = [
        node(f"n{n}", f"n{n - 1}" if n else None, "assistant" if n % 2 else "user", f"t{n}") for n in range(2000)
    ]
    conversation = stored(alice, chatgpt(*entries, leaf="n1999"))
    assert len(conversation.branch()) == 2000


def test_times_that_make_no_sense_do_no_harm(alice: User) -> None:
    entries = (node("u1", None, "user", "q", at=1e300), node("a2", "u1", "assistant", "a", at=-5))
    assert texts(stored(alice, chatgpt(*entries))) == ["q", "a"]


def test_hostile_words_stay_words(as_alice: Client, alice: User) -> None:
    words = "<script>alert(1)</script>\0\n# [x](javascript:alert(1))"
    conversation = stored(alice, chatgpt(node("a2", None, "user", words), title=words))
    page = as_alice.get(f"/c/{conversation.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\0" not in page


@pytest.mark.parametrize(
    "conversation",
    [{"mapping": []}, {"mapping": {}, "title": 5}, {"mapping": {"a": {"message": {"author": 1}}}, "id": "x"}, 7, None],
)
def test_a_conversation_that_is_none_is_unreadable(conversation: Any) -> None:
    with pytest.raises(Unreadable):
        parsed(BREAD, conversation)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"[1]", b'{"a": 1}', b"\xff\xfe", b"PK", b"[{}]"])
def test_a_file_that_is_no_export_is_refused(content: bytes) -> None:
    with pytest.raises(ImportRefused):
        read(io.BytesIO(content))


def test_a_zip_is_read_by_name_wherever_the_file_lies() -> None:
    upload = read(archive(export__conversations_json=json.dumps([BREAD]).encode(), chat_html=b"<html>"))
    assert (upload.source, len(upload.conversations)) == ("chatgpt", 1)


def test_a_zip_without_it_is_refused_and_paths_are_never_used() -> None:
    with pytest.raises(ImportRefused):
        read(archive(other_json=b"[]"))
    upload = read(archive(**{"../../etc/conversations.json": json.dumps([CLAUDE]).encode()}))
    assert upload.source == "claude"


def test_a_zip_bomb_is_read_no_further_than_the_limit() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target, target.open("conversations.json", "w") as entry:
        for _ in range(160):
            entry.write(b" " * 2**20)
    assert len(bomb.getvalue()) < 2**20
    tracemalloc.start()
    with pytest.raises(ImportRefused, match="too large"):
        read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400 * 2**20


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:40] + b"\0" * 20 + data[60:]]
)
def test_a_damaged_zip_is_refused(damage: Any) -> None:
    whole = archive(conversations_json=json.dumps([BREAD]).encode()).getvalue()
    with pytest.raises(ImportRefused):
        read(io.BytesIO(damage(whole)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.fixed_dictionaries({"mapping": json_values, "id": st.just("x")}), min_size=1, max_size=3))
def test_no_mapping_is_more_than_unreadable(conversations: list[Json]) -> None:
    upload = read(io.BytesIO(msgspec.json.encode(conversations)))
    for raw in upload.conversations:
        with contextlib.suppress(Unreadable):
            upload.read_conversation(raw)


# ── over the page ──


async def uploaded(server: LiveServer, session: aiohttp.ClientSession, content: bytes) -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("export", content, filename="conversations.json")
    async with session.post("/settings/data/imports/", data=form) as response:
        return response.status, await response.text()


def signed_in(server: LiveServer, name: str) -> aiohttp.ClientSession:
    headers = {"Cookie": f"{server.cookies(name)}; csrftoken={SECRET}", "X-CSRFToken": SECRET}
    return aiohttp.ClientSession(server.url, headers=headers, timeout=aiohttp.ClientTimeout(30))


async def test_a_file_is_imported_in_the_background_and_the_page_says_what_became_of_it(serving: LiveServer) -> None:
    empty = chatgpt(key="c-2")
    many = [chatgpt(node("a2", None, "user", f"question {n}"), key=f"m-{n}") for n in range(40)]
    content = json.dumps([BREAD, empty, {"mapping": 1}, *many]).encode()
    async with signed_in(serving, "bob") as session:
        for words in ("41 conversations were imported.", "41 were here already."):
            status, _page = await uploaded(serving, session, content)
            assert status == 200
            for _ in range(500):
                async with session.get("/settings/data/imports/latest/") as response:
                    page = await response.text()
                if 'data-running="false"' in page:
                    break
            assert words in page
            assert "1 had no messages." in page
            assert "1 could not be read." in page
        status, page = await uploaded(serving, session, b"not an export")
        assert (status, "neither a ChatGPT nor a Claude export" in page) == (422, True)


async def test_what_is_too_large_is_refused_before_it_is_stored(serving: LiveServer) -> None:
    """The length alone is enough: not a byte of the body is waited for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    head = f"POST /settings/data/imports/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()


def test_one_import_at_a_time(alice: User) -> None:
    first = Import.objects.begin(alice, "chatgpt", 3)
    assert first
    assert Import.objects.begin(alice, "chatgpt", 3) is None
    first.finish()
    assert Import.objects.begin(alice, "chatgpt", 3)


def test_an_import_whose_server_died_says_so_and_stands_in_nobodys_way(as_alice: Client, alice: User) -> None:
    job = Import.objects.begin(alice, "chatgpt", 3)
    assert job
    Import.objects.update(updated_at=job.created_at - datetime.timedelta(minutes=2))
    assert "Upload the file again" in as_alice.get("/settings/data/").content.decode()
    assert Import.objects.begin(alice, "chatgpt", 3)
