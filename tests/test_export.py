"""/settings/data/export/: everything a person has, as files that are safe to unpack anywhere."""

import asyncio
import datetime
import io
import json
import tracemalloc
import zipfile
from pathlib import PureWindowsPath

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from chat.exporting import archive
from chat.exporting.names import file_name, safe
from chat.models import Conversation, Message
from tests.conftest import PASSWORD
from tests.conversations import generated, written

pytestmark = pytest.mark.django_db
EXPORT = "/settings/data/export/"

HOSTILE = [
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "C:\\autoexec.bat",
    "a/b",
    "con",
    "NUL.txt",
    "name\0.exe",
    "line\nbreak",
    "\u202egpj.exe",
    " . ",
    "-rf ~",
    "$(reboot)`reboot`",
    "x" * 5000,
    "🎉" * 500,
    "\ud800",
]


def unpacked(user: User) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(archive(user))))


def test_the_active_branch_is_markdown_and_the_whole_tree_is_json(alice: User) -> None:
    conversation = written(alice, "Question", "first *answer*", title="A talk")
    prompt = conversation.messages.get(role="user")
    second = Message.objects.create(conversation=conversation, parent=prompt, role="assistant", text="second answer")
    conversation.touch(second)
    generated(second, status="completed", input_tokens=7, output_tokens=3)
    files = unpacked(alice)
    assert files.testzip() is None
    [markdown, records] = files.namelist()
    assert markdown == f"conversations/{conversation.created_at:%Y-%m-%d} A talk {conversation.pk.hex[:8]}.md"
    text = files.read(markdown).decode()
    assert text.startswith("# A talk\n")
    assert "## You\n\nQuestion\n\n## m\n\nsecond answer\n" in text
    assert "first" not in text
    [record] = json.loads(files.read(records))["conversations"]
    assert [message["text"] for message in record["messages"]] == ["Question", "first *answer*", "second answer"]
    assert [message["parent_id"] for message in record["messages"]] == [None, str(prompt.pk), str(prompt.pk)]
    assert record["active_leaf_id"] == str(second.pk)
    [generation] = record["messages"][2]["generations"]
    assert (generation["model"], generation["input_tokens"], generation["output_tokens"]) == ("m", 7, 3)
    assert datetime.datetime.fromisoformat(record["created_at"]) == conversation.created_at


@pytest.mark.django_db(transaction=True)  # it is read by the database's own threads
def test_the_page_offers_it_and_sends_it_as_a_file(as_alice: Client, alice: User) -> None:
    written(alice, "Question", "answer")
    assert EXPORT in as_alice.get("/settings/data/").content.decode()
    asked = as_alice.get(EXPORT)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    as_alice.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = as_alice.get(EXPORT)
    assert response["Content-Disposition"].startswith('attachment; filename="parley-')
    assert "no-store" in response["Cache-Control"]

    async def body() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])  # type: ignore[attr-defined]

    files = zipfile.ZipFile(io.BytesIO(asyncio.run(body())))
    assert len(files.namelist()) == 2


def test_who_has_nothing_gets_an_archive_that_says_so(alice: User) -> None:
    files = unpacked(alice)
    assert json.loads(files.read("conversations.json"))["conversations"] == []


def test_others_and_deleted_conversations_are_not_in_it(alice: User, bob: User) -> None:
    written(bob, "Bob's", "secret")
    written(alice, "deleted", "secret").discard()
    assert unpacked(alice).namelist() == ["conversations.json"]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_makes_a_harmless_name(title: str) -> None:
    name = file_name(Conversation(title=title), "md")
    assert PureWindowsPath(name).name == name
    assert not PureWindowsPath(name).is_reserved()
    assert len(name.encode()) < 200
    assert name.isprintable()
    assert ".." not in name.removesuffix(".md").strip(".")


@given(st.text())
def test_no_title_makes_a_path(title: str) -> None:
    name = safe(title)
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert not name.startswith((".", "-", " "))
    assert not name.endswith((".", " "))


def test_titles_that_are_alike_stay_apart(alice: User) -> None:
    for _ in range(3):
        written(alice, "q", "a", title="Same")
    assert len(set(unpacked(alice).namelist())) == 4


def test_never_more_than_a_conversation_is_held(alice: User) -> None:
    """Forty of 400 KB need hardly more than four do: some copies of one at a time, never all of them."""
    text = "".join(chr(33 + n * n % 7919 % 90) for n in range(400_000))
    peaks = []
    for count in (4, 36):
        for _ in range(count):
            written(alice, "q", text)
        tracemalloc.start()
        pieces = [len(piece) for piece in archive(alice)]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(pieces) > 2 * count
    assert peaks[1] < peaks[0] + 2 * len(text)


def test_one_conversation_is_markdown_by_itself(as_alice: Client, alice: User) -> None:
    conversation = written(alice, "Question", "answer", title="Für Élise")
    response = as_alice.get(f"/c/{conversation.pk}/markdown/")
    assert "## You\n\nQuestion" in response.content.decode()
    assert "filename*=utf-8''" in response["Content-Disposition"]


def test_a_strangers_conversation_is_not_there(as_alice: Client, bob: User) -> None:
    assert as_alice.get(f"/c/{written(bob, 'q', 'a').pk}/markdown/").status_code == 404
