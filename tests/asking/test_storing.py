"""What a request stores, and where in the tree."""

import pytest

from accounts.models import Reservation, TokenBudget, User
from chat.asking import ask
from chat.models import Conversation, LanguageModel, Message
from tests.asking.requests import answer, generate, go_on, regenerate


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


def test_what_models_read_is_the_branch_and_nothing_beside_it(alice: User) -> None:
    first = answer(ask(alice, generate("One")), "First.")
    talk = first.conversation
    second = answer(ask(alice, generate("Two", conversation_id=talk.pk)), "Second.")
    ask(alice, generate("Else", conversation_id=talk.pk, parent_id=first.pk))
    asked = ask(alice, generate("Three", conversation_id=talk.pk, parent_id=second.pk))
    prompt = asked.generation.message.parent
    assert prompt and asked.ground
    assert [tuple(said) for said in prompt.branch()] == [
        *(("user", "One"), ("assistant", "First."), ("user", "Two"), ("assistant", "Second."), ("user", "Three"))
    ]
    assert [said.text for said in prompt.branch()] == [message.text for message in talk.branch(prompt)]
    assert asked.ground.branch == prompt.branch()
    assert asked.ground.prompt and asked.ground.prompt.turns[-1].text == "Three"
