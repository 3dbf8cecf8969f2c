"""The API's plain questions."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, User
from chat.models import Conversation, LanguageModel, Share
from tests.conversations import written

pytestmark = pytest.mark.django_db(transaction=True)  # the API asks the database from threads of its own


@pytest.fixture
def script(client: Client, alice: User) -> Client:
    """What comes with a key of Alice's that may only read."""
    _, text = ApiKey.objects.issue(alice, "Script", "read")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    return client


def test_a_key_says_whose_it_is(script: Client) -> None:
    answer = script.get("/api/me").json()
    assert answer["email"] == "alice@example.org"
    assert answer["budget"]["limit"] == 200_000


def test_models_to_choose_from(script: Client) -> None:
    LanguageModel.objects.create(name="m", provider="openai", context_window=8000, max_output_tokens=1000)
    LanguageModel.objects.create(name="off", provider="openai", context_window=1, max_output_tokens=1, enabled=False)
    assert [model["name"] for model in script.get("/api/models").json()["models"]] == ["m"]


def test_conversations_come_in_pages_newest_first_and_none_is_left_out(script: Client, alice: User, bob: User) -> None:
    moment = timezone.now()
    for n in range(7):  # two of each moment, as an import may have them
        talk = written(alice, f"prompt {n}", "answer")
        Conversation.objects.filter(pk=talk.pk).update(updated_at=moment - datetime.timedelta(minutes=n // 2))
    written(bob, "mine", "answer")
    seen: list[str] = []
    address = "/api/conversations?limit=3"
    while address:
        page = script.get(address).json()
        seen += [row["id"] for row in page["conversations"]]
        address = f"/api/conversations?limit=3&before={page['next']}" if page["next"] else ""
    mine = Conversation.objects.visible_to(alice).order_by("-updated_at", "-pk")
    assert seen == [str(talk.pk) for talk in mine]


def test_a_conversation_with_all_its_messages(script: Client, alice: User) -> None:
    talk = written(alice, "prompt", "answer")
    answer = script.get(f"/api/conversations/{talk.pk}").json()
    assert [(each["role"], each["text"]) for each in answer["messages"]] == [
        ("user", "prompt"),
        ("assistant", "answer"),
    ]
    assert answer["messages"][1]["parent_id"] == answer["messages"][0]["id"]
    assert answer["active_leaf_id"] == answer["messages"][1]["id"]


def test_one_of_somebody_else_is_there_only_when_it_is_shared(script: Client, alice: User, bob: User) -> None:
    talk = written(bob, "prompt", "answer")
    refused = script.get(f"/api/conversations/{talk.pk}")
    missing = script.get("/api/conversations/00000000-0000-4000-8000-000000000000")
    assert (refused.status_code, refused.content) == (missing.status_code, missing.content) == (404, missing.content)
    Share.objects.put(talk, for_everyone=False, people=[alice])
    assert script.get(f"/api/conversations/{talk.pk}").status_code == 200


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=", "before=x", "before=", "before=2026-01-01T00:00:00.0Z,x"]
)
def test_a_question_that_makes_no_sense_names_the_field(script: Client, query: str) -> None:
    answer = script.get(f"/api/conversations?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, query.partition("=")[0])
