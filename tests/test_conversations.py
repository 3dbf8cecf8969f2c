"""What the owner of a conversation does to it."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.models import Conversation, Generation, Message
from chat.models.conversation import UNDO
from chat.purging import purge_one
from tests.conversations import generated, written

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def talk(alice: User) -> Conversation:
    return written(alice, "prompt", "answer")


def put(client: Client, path: str, body: str = "") -> int:
    return client.put(path, body, content_type=FORM).status_code


def listed(client: Client, query: str = "") -> str:
    return client.get(f"/conversations/{query}").content.decode()


def test_renaming_gives_it_ones_own_title(as_alice: Client, talk: Conversation) -> None:
    assert put(as_alice, f"/conversations/{talk.pk}/title/", "title=+A+%3Cb%3E%0Aname+") == 204
    talk.refresh_from_db()
    assert talk.title == "A <b> name"
    assert talk.title_state == Conversation.TitleState.GIVEN
    assert "A &lt;b&gt; name" in listed(as_alice)


@pytest.mark.parametrize(("body", "words"), [("title=+%00", "needs a title"), ("", "needs a title")])
def test_an_empty_title_is_refused_in_a_sentence(as_alice: Client, talk: Conversation, body: str, words: str) -> None:
    response = as_alice.put(f"/conversations/{talk.pk}/title/", body, content_type=FORM)
    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert Conversation.objects.get().title == "Talk"


def test_a_title_beyond_its_length_is_refused(as_alice: Client, talk: Conversation) -> None:
    assert put(as_alice, f"/conversations/{talk.pk}/title/", "title=" + "x" * 201) == 422
    assert put(as_alice, f"/conversations/{talk.pk}/title/", "title=" + "x" * 200) == 204


def test_pinned_ones_stand_on_top_and_come_once(as_alice: Client, alice: User, talk: Conversation) -> None:
    Conversation.objects.filter(pk=talk.pk).update(updated_at=timezone.now() - datetime.timedelta(days=400))
    for n in range(45):
        written(alice, "prompt", title=f"New {n}")
    assert put(as_alice, f"/conversations/{talk.pk}/pinning/") == 204
    page = listed(as_alice)
    assert page.index("Pinned") < page.index("Talk") < page.index("Today")
    assert page.count(">Talk<") == 1
    assert "Talk" not in listed(as_alice, "?offset=40&under=Today")
    assert as_alice.delete(f"/conversations/{talk.pk}/pinning/").status_code == 204
    assert "Pinned" not in listed(as_alice)


def test_an_archived_one_is_only_among_the_archived(as_alice: Client, talk: Conversation) -> None:
    assert put(as_alice, f"/conversations/{talk.pk}/archiving/") == 204
    assert "Talk" not in listed(as_alice)
    assert "Talk" in listed(as_alice, "?archived=1")
    assert as_alice.get(f"/c/{talk.pk}/").status_code == 200
    assert as_alice.delete(f"/conversations/{talk.pk}/archiving/").status_code == 204
    assert "Talk" in listed(as_alice)
    assert "Nothing is archived." in listed(as_alice, "?archived=1")


def test_a_deleted_one_is_gone_and_can_be_restored(as_alice: Client, talk: Conversation) -> None:
    message = talk.messages.latest("created_at")
    assert as_alice.delete(f"/conversations/{talk.pk}/").status_code == 204
    assert "Talk" not in listed(as_alice)
    paths = (f"/c/{talk.pk}/", f"/messages/{message.pk}/", f"/c/{talk.pk}/messages/before/{message.pk}/")
    assert [as_alice.get(path).status_code for path in paths] == [404, 404, 404]
    assert as_alice.delete(f"/conversations/{talk.pk}/").status_code == 404
    assert as_alice.post(f"/conversations/{talk.pk}/restoration/").status_code == 204
    assert "Talk" in listed(as_alice)
    assert as_alice.get(f"/c/{talk.pk}/").status_code == 200
    assert as_alice.post(f"/conversations/{talk.pk}/restoration/").status_code == 404


def test_deleting_stops_what_is_being_written(as_alice: Client, talk: Conversation) -> None:
    answer = talk.messages.latest("created_at")
    generation = generated(answer, status="running")
    ended = generated(talk.messages.earliest("created_at"), status="completed")
    as_alice.delete(f"/conversations/{talk.pk}/")
    generation.refresh_from_db()
    ended.refresh_from_db()
    assert generation.cancel_requested_at is not None
    assert ended.cancel_requested_at is None
    assert not Generation.objects.visible_to(talk.owner).exists()


def test_what_was_deleted_goes_for_good_when_it_cannot_be_restored(as_alice: Client, alice: User) -> None:
    kept, gone = written(alice, "a", "b"), written(alice, "c", "d")
    generated(gone.messages.latest("created_at"), status="completed")
    as_alice.delete(f"/conversations/{kept.pk}/")
    Conversation.objects.filter(pk=gone.pk).update(deleted_at=timezone.now() - UNDO)
    assert as_alice.post(f"/conversations/{gone.pk}/restoration/").status_code == 404
    assert [purge_one(), purge_one()] == [True, False]
    assert Conversation.objects.get() == kept
    assert Message.objects.count() == 2
    assert not Generation.objects.exists()


def test_an_answer_that_ended_unseen_is_marked_until_it_is_seen(as_alice: Client, talk: Conversation) -> None:
    answer = talk.messages.latest("created_at")
    assert talk.active_leaf == answer
    generated(answer, status="completed", finished_at=timezone.now())
    assert "sidebar__unseen" in listed(as_alice)
    assert put(as_alice, f"/conversations/{talk.pk}/seen/") == 204
    assert "sidebar__unseen" not in listed(as_alice)


def test_seeing_what_was_seen_changes_nothing(talk: Conversation) -> None:
    assert not talk.see()
    generated(talk.messages.latest("created_at"), status="completed", finished_at=timezone.now())
    assert [talk.see(), talk.see()] == [True, False]


@pytest.mark.parametrize(
    ("method", "resource"),
    [
        ("DELETE", ""),
        ("PUT", "title/"),
        ("PUT", "pinning/"),
        ("DELETE", "pinning/"),
        ("PUT", "archiving/"),
        ("DELETE", "archiving/"),
        ("PUT", "seen/"),
        ("POST", "restoration/"),
    ],
)
def test_a_stranger_gets_404_and_changes_nothing(
    client: Client, bob: User, talk: Conversation, method: str, resource: str
) -> None:
    if resource == "restoration/":
        talk.discard()
    before = Conversation.objects.values().get()
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    path = f"/conversations/{talk.pk}/{resource}"
    assert client.generic(method, path, "title=Mine", content_type=FORM).status_code == 404
    assert Conversation.objects.values().get() == before


@pytest.mark.parametrize("resource", ["", "title/", "pinning/", "archiving/", "seen/", "restoration/"])
def test_reading_is_not_among_the_methods(as_alice: Client, talk: Conversation, resource: str) -> None:
    assert as_alice.get(f"/conversations/{talk.pk}/{resource}").status_code == 405


def test_a_page_of_another_site_cannot_delete(alice: User, talk: Conversation) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert careful.delete(f"/conversations/{talk.pk}/").status_code == 403
    assert Conversation.objects.get().deleted_at is None


def test_the_list_costs_the_same_however_long_it_is(
    as_alice: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(60):
        written(alice, "prompt", "answer", title=f"Talk {n}")
    with django_assert_num_queries(5):  # session, the person for the time zone and for the view, pinned, the others
        listed(as_alice)
