"""What is refused, in which words, and that nothing of it is stored."""

import pytest
from pytest_django import Settings

from accounts import budgets
from accounts.models import TokenBudget, User
from chat.asking import ask
from chat.models import LanguageModel
from chat.protocol import Ask, Refused
from tests.asking.requests import MISSING, answer, generate, go_on, refused, regenerate, stored


def test_what_does_not_exist_is_not_found(alice: User) -> None:
    conversation_id = answer(ask(alice, generate())).conversation_id
    attempts: list[tuple[Ask, str]] = [
        (generate(conversation_id=MISSING), "conversation_id"),
        (generate(conversation_id=conversation_id, parent_id=MISSING), "parent_id"),
        (generate(conversation_id=conversation_id, edits=MISSING), "edits"),
        (regenerate(MISSING), "message_id"),
        (go_on(MISSING), "message_id"),
    ]
    for request, field in attempts:
        error = refused(alice, request)
        assert (error.code, error.field) == ("not_found", field)


def test_a_strangers_are_refused_in_the_same_words(alice: User, bob: User) -> None:
    hers = answer(ask(alice, generate()))
    his = answer(ask(bob, generate()))
    pairs: list[tuple[Ask, Ask]] = [
        (generate(conversation_id=hers.conversation_id), generate(conversation_id=MISSING)),
        (regenerate(hers), regenerate(MISSING)),
        (go_on(hers), go_on(MISSING)),
        *[
            (
                generate(conversation_id=his.conversation_id, **{name: message.pk}),
                generate(conversation_id=his.conversation_id, **{name: MISSING}),
            )
            for name, message in [("parent_id", hers), ("edits", hers.parent)]
            if message
        ],
    ]
    for strange, missing in pairs:
        theirs, nobodys = refused(bob, strange), refused(bob, missing)
        assert (theirs.code, theirs.message, theirs.field) == (nobodys.code, nobodys.message, nobodys.field)


def test_a_message_of_another_conversation_cannot_be_followed(alice: User) -> None:
    one, other = answer(ask(alice, generate())), answer(ask(alice, generate()))
    assert other.parent
    error = refused(alice, generate(conversation_id=one.conversation_id, parent_id=other.pk))
    assert (error.code, error.field) == ("not_found", "parent_id")
    error = refused(alice, generate(conversation_id=one.conversation_id, edits=other.parent.pk))
    assert (error.code, error.field) == ("not_found", "edits")


def test_a_prompt_follows_no_prompt_and_edits_no_answer(alice: User) -> None:
    first = answer(ask(alice, generate()))
    assert first.parent
    error = refused(alice, generate(conversation_id=first.conversation_id, parent_id=first.parent.pk))
    assert (error.code, error.field) == ("bad_request", "parent_id")
    error = refused(alice, generate(conversation_id=first.conversation_id, edits=first.pk))
    assert (error.code, error.field) == ("not_found", "edits")


@pytest.mark.parametrize("name", ["parent_id", "edits"])
def test_a_new_conversation_has_nothing_to_follow(alice: User, name: str) -> None:
    assert refused(alice, generate(**{name: MISSING})).code == "bad_request"


def test_only_an_answer_can_be_continued(alice: User) -> None:
    prompt = answer(ask(alice, generate()), "Half", "cancelled").parent
    assert prompt
    assert refused(alice, go_on(prompt)).code == "bad_request"


def test_an_answer_still_being_written_cannot_be_continued(alice: User) -> None:
    error = refused(alice, go_on(ask(alice, generate()).generation.message))
    assert (error.code, error.retryable) == ("conflict", True)


def test_a_complete_answer_cannot_be_continued(alice: User) -> None:
    error = refused(alice, go_on(answer(ask(alice, generate()))))
    assert (error.code, error.retryable) == ("conflict", False)


@pytest.mark.parametrize("change", [{"enabled": False}, {"offered": False}])
def test_a_model_that_is_not_to_be_had_is_refused_by_name(
    alice: User, model: LanguageModel, change: dict[str, bool]
) -> None:
    for name in ("scripted", "unheard-of"):
        LanguageModel.objects.update(**change)
        error = refused(alice, generate(model=name))
        assert (error.code, error.field) == ("model_unavailable", "model")
        assert name in error.message


def test_without_any_model_there_is_no_answer(alice: User) -> None:
    LanguageModel.objects.all().delete()
    assert refused(alice, generate()).code == "model_unavailable"


def test_a_prompt_too_long_for_the_model_is_refused(alice: User) -> None:
    assert refused(alice, generate("word " * 10_000)).code == "context_too_long"


@pytest.mark.parametrize("limit", [0, 100])
def test_a_budget_that_is_used_up_says_when_it_comes_back(alice: User, limit: int) -> None:
    TokenBudget.objects.create(user=alice, limit=limit)
    error = refused(alice, generate())
    assert error.code == "budget_exhausted"
    assert error.retry_after_s
    assert 0 < error.retry_after_s <= 86_400
    assert budgets.status(alice).reserved == 0


def test_a_refusal_from_outside_is_passed_on(alice: User) -> None:
    before = stored()
    with pytest.raises(Refused, match="Full"):
        ask(alice, generate(), Refused("queue_full", "Full."))
    assert stored() == before


def test_too_many_messages_a_minute_are_refused(alice: User, bob: User, settings: Settings) -> None:
    settings.MESSAGES_PER_MINUTE = 3
    for _ in range(3):
        ask(alice, generate())
    error = refused(alice, generate())
    assert (error.code, error.retryable) == ("rate_limited", True)
    assert error.retry_after_s
    assert 0 < error.retry_after_s <= 60
    assert ask(bob, generate()).created


def test_what_is_refused_does_not_count_as_a_message(alice: User, settings: Settings) -> None:
    settings.MESSAGES_PER_MINUTE = 2
    for _ in range(5):
        assert refused(alice, go_on(MISSING)).code == "not_found"
    assert ask(alice, generate()).created
