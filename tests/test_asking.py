"""From a request to a stored generation: all of it or nothing, and once however often it is asked."""

import uuid
from typing import Any
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import budgets
from accounts.models import Reservation, TokenBudget, UsageDay, User
from chat.asking import Asked, ask
from chat.models import Conversation, Generation, LanguageModel, Message
from chat.protocol import Ask, Continue, Generate, Refused, Regenerate

MISSING = uuid.UUID(int=404)


@pytest.fixture(autouse=True)
def model(db: None, settings: Settings) -> LanguageModel:
    settings.MESSAGES_PER_MINUTE = 1_000_000
    return LanguageModel.objects.create(
        name="scripted", provider="openai", context_window=4000, max_output_tokens=1000, is_default=True
    )


def generate(prompt: Any = "Hello", **fields: Any) -> Generate:
    return Generate(request_id=fields.pop("request_id", None) or uuid.uuid4(), prompt=prompt, **fields)


def regenerate(message: Message | UUID, **fields: Any) -> Regenerate:
    pk = message.pk if isinstance(message, Message) else message
    return Regenerate(request_id=fields.pop("request_id", None) or uuid.uuid4(), message_id=pk, **fields)


def go_on(message: Message | UUID, model: str | None = None) -> Continue:
    pk = message.pk if isinstance(message, Message) else message
    return Continue(request_id=uuid.uuid4(), message_id=pk, model=model)


def answer(asked: Asked, text: str = "An answer.", status: str = "completed") -> Message:
    """End a generation as a runner does; its message."""
    generation = asked.generation
    assert generation.claim(uuid.uuid4(), generation.model)
    assert generation.finish(status=status, finish_reason="stop", text_length=len(text))
    Message.objects.filter(pk=generation.message_id).update(text=text)
    Reservation.objects.settle(generation.pk, input_tokens=10, output_tokens=5, estimated=False)
    return Message.objects.get(pk=generation.message_id)


def stored() -> list[Any]:
    """All rows that a request may touch."""
    tables = (Conversation, Message, Generation, Reservation, UsageDay)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def refused(user: User, request: Ask) -> Refused:
    """The refusal of a request, which has changed nothing."""
    before = stored()
    with pytest.raises(Refused) as error:
        ask(user, request)
    assert stored() == before
    assert error.value.message.endswith(".")
    return error.value


# ── what is stored ──


def test_a_first_prompt_opens_a_conversation(alice: User) -> None:
    asked = ask(alice, generate("  What is\n a log? "))
    generation = asked.generation
    conversation = Conversation.objects.get()
    prompt, reply = conversation.branch()
    assert (asked.created, asked.opened, asked.follows) == (True, True, None)
    assert (conversation.owner, conversation.title) == (alice, "What is a log?")
    assert (prompt.role, prompt.text, prompt.parent) == ("user", "  What is\n a log? ", None)
    assert (reply.role, reply.text, reply.parent) == ("assistant", "", prompt)
    assert (generation.message_id, generation.status, generation.model) == (reply.pk, "queued", "scripted")
    assert generation.text_start == generation.thinking_start == 0


def test_tokens_are_reserved_for_what_is_read_and_may_be_written(alice: User) -> None:
    generation = ask(alice, generate()).generation
    reservation = Reservation.objects.get(pk=generation.pk)
    assert reservation.state == "held"
    assert generation.max_output_tokens == reservation.max_output_tokens == 1000
    assert reservation.amount == generation.input_tokens + 1000
    assert generation.input_tokens > 0


def test_the_output_limit_is_lowered_to_the_budget(alice: User) -> None:
    TokenBudget.objects.create(user=alice, limit=500)
    generation = ask(alice, generate()).generation
    assert generation.max_output_tokens == 500 - generation.input_tokens
    assert Reservation.objects.get(pk=generation.pk).amount == 500


def test_the_next_prompt_follows_the_newest_answer(alice: User) -> None:
    first = answer(ask(alice, generate()))
    asked = ask(alice, generate("More", conversation_id=first.conversation_id))
    assert not asked.opened
    assert [message.text for message in first.conversation.branch(asked.generation.message)] == [
        *("Hello", "An answer.", "More", "")
    ]
    first.conversation.refresh_from_db()
    assert first.conversation.active_leaf_id == asked.generation.message_id


def test_a_prompt_may_follow_an_older_answer(alice: User) -> None:
    first = answer(ask(alice, generate()))
    answer(ask(alice, generate("More", conversation_id=first.conversation_id)))
    other = ask(alice, generate("Else", conversation_id=first.conversation_id, parent_id=first.pk))
    branch = first.conversation.branch(other.generation.message)
    assert [message.text for message in branch] == ["Hello", "An answer.", "Else", ""]


def test_a_prompt_that_follows_a_running_answer_waits_for_it(alice: User) -> None:
    first = ask(alice, generate())
    alone = ask(alice, generate("More")).generation.input_tokens
    second = ask(alice, generate("More", conversation_id=first.generation.message.conversation_id))
    assert second.follows == first.generation
    # What it will have to read is not known yet: as much as that answer may become.
    assert second.generation.input_tokens > alone + first.generation.max_output_tokens


def test_an_edit_makes_a_sibling_even_of_the_first_prompt(alice: User) -> None:
    first = answer(ask(alice, generate("Befor")))
    assert first.parent
    edited = ask(alice, generate("Before", conversation_id=first.conversation_id, edits=first.parent.pk))
    prompt = edited.generation.message.parent
    assert prompt
    assert (prompt.text, prompt.parent, edited.follows) == ("Before", None, None)
    assert Message.objects.get(pk=first.parent.pk).text == "Befor"


def test_an_edit_deeper_down_has_the_same_parent(alice: User) -> None:
    first = answer(ask(alice, generate()))
    second = answer(ask(alice, generate("Mor", conversation_id=first.conversation_id)))
    assert second.parent
    edited = ask(alice, generate("More", conversation_id=first.conversation_id, edits=second.parent.pk))
    prompt = edited.generation.message.parent
    assert prompt
    assert prompt.parent == first


def test_another_answer_is_a_sibling_by_the_same_model(alice: User) -> None:
    LanguageModel.objects.create(name="other", provider="openai", context_window=4000, max_output_tokens=100)
    first = answer(ask(alice, generate(model="other")))
    again = ask(alice, regenerate(first)).generation
    assert (again.model, again.message.parent) == ("other", first.parent)
    assert again.message_id != first.pk
    assert first.parent
    assert ask(alice, regenerate(first.parent)).generation.message.parent == first.parent
    assert ask(alice, regenerate(first, model="scripted")).generation.model == "scripted"


def test_a_continuation_writes_on_in_the_same_message(alice: User) -> None:
    before = ask(alice, generate())
    first = answer(before, "Half an", "cancelled")
    asked = ask(alice, go_on(first))
    generation = asked.generation
    assert (generation.message_id, generation.continues) == (first.pk, before.generation)
    assert generation.text_start == len("Half an")
    assert asked.follows is None


def test_a_continuation_is_by_the_same_model_or_by_the_one_that_is_chosen(alice: User) -> None:
    LanguageModel.objects.create(name="other", provider="openai", context_window=4000, max_output_tokens=100)
    first = answer(ask(alice, generate(model="other")), "Half an", "cancelled")
    second = ask(alice, go_on(first))
    assert second.generation.model == "other"
    answer(second, "Half an answer", "cancelled")
    assert ask(alice, go_on(first, model="scripted")).generation.model == "scripted"


@pytest.mark.parametrize("status", ["cancelled", "interrupted", "truncated", "failed"])
def test_whatever_did_not_end_by_itself_can_be_continued(alice: User, status: str) -> None:
    assert ask(alice, go_on(answer(ask(alice, generate()), "Half", status))).created


# ── once ──


def test_the_same_request_again_finds_the_generation_and_stores_nothing(alice: User) -> None:
    first = answer(ask(alice, generate()))
    requests: list[Ask] = [generate("More", conversation_id=first.conversation_id), regenerate(first)]
    requests.append(go_on(answer(ask(alice, regenerate(first)), "Half", "cancelled")))
    for request in requests:
        asked = ask(alice, request)
        before = stored()
        again = ask(alice, request)
        assert (again.created, again.opened, again.follows) == (False, False, None)
        assert again.generation == asked.generation
        assert stored() == before


def test_the_same_request_id_with_other_words_is_the_first_request(alice: User) -> None:
    first = ask(alice, generate("One", request_id=MISSING))
    before = stored()
    assert ask(alice, generate("Two", request_id=MISSING)).generation == first.generation
    assert ask(alice, regenerate(MISSING, request_id=MISSING)).generation == first.generation
    assert stored() == before


def test_a_request_id_belongs_to_its_user(alice: User, bob: User) -> None:
    hers = ask(alice, generate("Mine", request_id=MISSING))
    his = ask(bob, generate("Mine too", request_id=MISSING))
    assert his.created
    assert his.generation != hers.generation
    assert his.generation.message.conversation.owner == bob


def test_the_same_request_passes_when_nothing_new_would(alice: User, settings: Settings) -> None:
    """A budget that is used up, a rate limit or a full queue meet what is new, not what is repeated."""
    request = generate()
    ask(alice, request)
    TokenBudget.objects.create(user=alice, limit=0)
    settings.MESSAGES_PER_MINUTE = 0
    assert not ask(alice, request, Refused("queue_full", "Full.")).created


def test_a_request_that_was_refused_can_be_asked_again(alice: User) -> None:
    budget = TokenBudget.objects.create(user=alice, limit=0)
    request = generate()
    assert refused(alice, request).code == "budget_exhausted"
    budget.delete()
    assert ask(alice, request).created


# ── refusals ──


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


# ── cost ──


def test_the_queries_do_not_grow_with_the_conversation(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    last = answer(ask(alice, generate()))
    for number in range(15):
        with django_assert_max_num_queries(24):
            asked = ask(alice, generate(f"{number}?", conversation_id=last.conversation_id))
        last = answer(asked)


def test_a_repeated_request_is_found_cheaply(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    request = generate()
    ask(alice, request)
    with django_assert_max_num_queries(4):
        ask(alice, request)
