"""/messages/…/feedback/: good, bad, or nothing."""

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Conversation, Feedback, Message
from tests.conversations import written


@pytest.fixture
def talk(alice: User) -> Conversation:
    return written(alice, "prompt", "answer")


def put(client: Client, message: Message, value: str) -> int:
    path = f"/messages/{message.pk}/feedback/"
    return client.put(path, f"value={value}", content_type="application/x-www-form-urlencoded").status_code


def pressed(client: Client, message: Message) -> list[bool]:
    """Whether good and bad are, in the message as it is shown."""
    page = client.get(f"/messages/{message.pk}/").content.decode()
    return [f'data-value="{value}" data-testid="{value}" aria-pressed="true"' in page for value in ("good", "bad")]


def test_an_answer_is_good_or_bad_and_the_page_shows_which(as_alice: Client, talk: Conversation) -> None:
    answer = talk.messages.get(role="assistant")
    assert pressed(as_alice, answer) == [False, False]
    assert put(as_alice, answer, "good") == 204
    assert pressed(as_alice, answer) == [True, False]
    assert put(as_alice, answer, "bad") == 204
    assert pressed(as_alice, answer) == [False, True]
    assert Feedback.objects.count() == 1


def test_it_can_be_taken_back_and_that_twice(as_alice: Client, talk: Conversation) -> None:
    answer = talk.messages.get(role="assistant")
    put(as_alice, answer, "good")
    for _ in range(2):
        assert as_alice.delete(f"/messages/{answer.pk}/feedback/").status_code == 204
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(("role", "value"), [("assistant", "great"), ("assistant", ""), ("user", "good")])
def test_anything_else_is_refused(as_alice: Client, talk: Conversation, role: str, value: str) -> None:
    assert put(as_alice, talk.messages.get(role=role), value) == 422
    assert not Feedback.objects.exists()


def test_a_strangers_answer_is_not_there(client: Client, bob: User, talk: Conversation) -> None:
    answer = talk.messages.get(role="assistant")
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert put(client, answer, "bad") == 404
    assert client.delete(f"/messages/{answer.pk}/feedback/").status_code == 404


def test_one_sees_only_what_one_thinks_oneself(as_alice: Client, bob: User, talk: Conversation) -> None:
    answer = talk.messages.get(role="assistant")
    Feedback.objects.give(bob, answer, "bad")
    assert pressed(as_alice, answer) == [False, False]
