"""What becomes of conversations from elsewhere."""

import contextlib
import io
from typing import Any

import msgspec
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from chat.importing import read
from chat.importing.storing import store
from chat.importing.tree import Unreadable
from chat.models import Conversation, Message
from tests.importing.exports import BREAD, CLAUDE, Json, chatgpt, node, parsed, stored, texts

pytestmark = pytest.mark.django_db


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
