"""Statements that Django composes once do what its own queries do, each time anew and for whatever values."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Reservation, TokenBudget, UsageDay, User, preferences, usage_day
from accounts.session_store import SessionStore
from chat.asking import ask
from chat.models import Conversation, LanguageModel, Message, ProviderConnection, language_model
from config.statements import Insert, Select, Update, argument, arguments
from tests.asking.requests import generate

LIMITS = Update(
    lambda: (TokenBudget.objects.filter(user=argument("user", TokenBudget)), arguments(TokenBudget, ("limit",)))
)
OF_LIMIT = Select(
    lambda: (
        TokenBudget.objects.filter(limit__gte=argument("limit", TokenBudget)).order_by("-limit").values_list("limit")
    )
)


@pytest.fixture
def model(db: None) -> LanguageModel:
    connected = ProviderConnection.objects.create(name="House", kind="openai", base_url="http://house.example/v1")
    return LanguageModel.objects.create(
        name="m",
        provider="openai",
        connection=connected,
        input_price=Decimal("0.25"),
        context_window=4000,
        max_output_tokens=1000,
        is_default=True,
    )


def fields(one: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}


def as_stored(one: models.Model) -> dict[str, Any]:
    row: dict[str, Any] = type(one)._default_manager.filter(pk=one.pk).values().get()
    return row


def test_what_is_inserted_is_all_that_the_model_holds(alice: User, model: LanguageModel) -> None:
    generation = ask(alice, generate("Ünï 'quoted' 100% %s")).generation
    message = generation.message
    assert message.parent
    assert message.conversation.active_leaf_id == message.pk
    new = generation, message, message.parent, message.conversation, Reservation.objects.get(pk=generation.pk)
    for one in new:
        assert as_stored(one) == fields(one)
        assert (one._state.adding, one._state.db) == (False, "default")


def test_a_key_that_is_there_is_not_stored_again(alice: User, model: LanguageModel) -> None:
    talk = Conversation.objects.create(owner=alice)
    first, second = (Message(pk=pk, conversation=talk, role="user") for pk in (uuid4(), uuid4()))
    Insert(Message).run(first, second)
    with pytest.raises(IntegrityError), transaction.atomic():
        Insert(Message).run(Message(pk=first.pk, conversation=talk, role="user"))
    assert Message.objects.count() == 2


def test_a_model_is_loaded_whole_and_with_what_belongs_to_it(
    alice: User, model: LanguageModel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        with django_assert_num_queries(1):
            found = language_model.FIRST.first(user=alice.pk)
            assert found and found.connection
        assert fields(found) == fields(LanguageModel.objects.get())
        assert fields(found.connection) == fields(ProviderConnection.objects.get())
    assert language_model.NAMED.first(user=alice.pk, name="other") is None
    assert language_model.PRICES.all(name="m") == [(Decimal("0.25"), Decimal(0), Decimal(0))]


def test_each_run_is_of_its_own_values(alice: User, bob: User) -> None:
    for user, limit in ((alice, 5), (bob, 7)):
        TokenBudget.objects.create(user=user, limit=limit)
    assert [OF_LIMIT.all(limit=least) for least in (5, 6, 8)] == [[(7,), (5,)], [(7,)], []]
    wanted = {alice.pk: None, bob.pk: 9, uuid4(): 1}
    assert [LIMITS.run(user=user, limit=limit) for user, limit in wanted.items()] == [1, 1, 0]
    assert list(TokenBudget.objects.order_by("pk").values_list("limit", flat=True)) == [None, 9]


def test_a_limit_may_be_lower_than_what_is_held(alice: User) -> None:
    day = UsageDay.objects.open(alice, alice.date_joined)
    assert day.hold(100, None)
    assert not day.hold(1, 50)
    assert day.hold(50, 150)
    day.charge(60, held=150)
    found = usage_day.LATEST.first(user=alice.pk)
    assert found and (found.used, found.reserved, found.limit) == (60, 0, 150)
    assert fields(found) == fields(UsageDay.objects.get())


def test_somebody_who_asks_is_locked_where_that_is_needed(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone="Europe/Berlin", default_model="m")
    alice.refresh_preferences(lock=True)
    assert (alice.time_zone, alice.default_model, alice.suspended_until) == ("Europe/Berlin", "m", None)
    composed = preferences.LOCKED._composed
    assert composed
    assert ("FOR NO KEY UPDATE" in composed.sql) == (connection.vendor == "postgresql")
    alice.delete()
    alice.pk = uuid4()
    with pytest.raises(User.DoesNotExist):
        alice.refresh_preferences()


def test_a_session_is_found_as_long_as_it_lives(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made = SessionStore()
    made["colour"] = "blue"
    made.create()
    for _ in range(2):
        with django_assert_num_queries(1):
            found = SessionStore(made.session_key)
            assert found["colour"] == "blue"
        assert found.session_key == made.session_key
    Session.objects.update(expire_date=timezone.now())
    gone = SessionStore(made.session_key)
    assert (gone.get("colour"), gone.session_key) == (None, None)
