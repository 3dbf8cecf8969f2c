"""What a model gets to read: whatever the conversation, it fits, alternates, and begins the same for long."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from accounts.models import User
from chat.models import LanguageModel, Message
from chat.prompting import MIN_OUTPUT_TOKENS, TURN_OVERHEAD, FittedPrompt, fit, system_prompt
from chat.protocol import Refused
from chat.providers import Turn
from chat.token_estimate import estimate_tokens

SYSTEM = "You are a helpful assistant."
WORDS = "words "
SYSTEM_COST = estimate_tokens(SYSTEM) + TURN_OVERHEAD


def model(window: int = 2000, output: int = 500) -> LanguageModel:
    return LanguageModel(name="scripted", provider="openai", context_window=window, max_output_tokens=output)


def branch(*texts: str) -> list[Message]:
    """Prompts and answers in turn, beginning with a prompt."""
    roles = (Message.Role.USER, Message.Role.ASSISTANT)
    return [Message(role=roles[number % 2], text=text) for number, text in enumerate(texts)]


def turns(fitted: FittedPrompt) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in fitted.prompt.turns]


def cost(sent: Sequence[Turn]) -> int:
    return sum(estimate_tokens(turn.text) + TURN_OVERHEAD for turn in sent)


def words(tokens: int) -> str:
    """A text of about so many tokens, never more."""
    each = estimate_tokens(WORDS * 1000) / 1000
    return WORDS * int(tokens / each)


def test_a_short_conversation_goes_along_whole() -> None:
    fitted = fit(branch("One?", "One.", "Two?"), model(), SYSTEM)
    assert turns(fitted) == [("user", "One?"), ("assistant", "One."), ("user", "Two?")]
    assert (fitted.prompt.model, fitted.prompt.system, fitted.prompt.max_output_tokens) == ("scripted", SYSTEM, 500)
    assert fitted.prompt.stable_turns == 2
    assert fitted.input_tokens == cost(fitted.prompt.turns) + SYSTEM_COST


def test_the_oldest_turns_give_way() -> None:
    old, new = words(400), "And now?"
    fitted = fit(branch(*[old] * 10, new), model(), SYSTEM)
    assert turns(fitted)[-1] == ("user", new)
    assert 1 < len(fitted.prompt.turns) < 11
    assert fitted.prompt.turns[0].role == "user"
    assert fitted.input_tokens + fitted.prompt.max_output_tokens <= 2000
    assert fitted.input_tokens == cost(fitted.prompt.turns) + SYSTEM_COST
    assert fitted.prompt.stable_turns == len(fitted.prompt.turns) - 1


def test_the_answers_room_is_not_given_to_history() -> None:
    assert fit(branch(*[words(300)] * 11), model(), SYSTEM).prompt.max_output_tokens == 500


def test_a_long_message_goes_alone_and_leaves_the_answer_what_there_is() -> None:
    fitted = fit(branch("Old?", "Old.", words(1600)), model(), SYSTEM)
    assert len(fitted.prompt.turns) == 1
    assert MIN_OUTPUT_TOKENS <= fitted.prompt.max_output_tokens < 500
    assert fitted.input_tokens + fitted.prompt.max_output_tokens <= 2000


@pytest.mark.parametrize("history", [[], ["Old?", "Old."]])
def test_a_message_that_alone_does_not_fit_is_refused(history: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        fit(branch(*history, words(1900)), model(), SYSTEM)
    assert refused.value.code == "context_too_long"
    assert not refused.value.retryable
    assert refused.value.message.endswith(".")


def test_a_system_prompt_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(Refused, match="too long"):
        fit(branch("Hi"), model(), words(1900))


def test_a_model_that_answers_in_few_words_needs_little_room() -> None:
    fitted = fit(branch(words(1850)), model(output=50), SYSTEM)
    assert fitted.prompt.max_output_tokens == 50


@pytest.mark.parametrize("empty", ["", " \n"])
def test_an_answer_that_stayed_empty_is_left_out(empty: str) -> None:
    fitted = fit(branch("One?", empty, "Two?"), model(), SYSTEM)
    assert turns(fitted) == [("user", "One?\n\nTwo?")]
    assert fitted.prompt.stable_turns == 0


def test_several_that_failed_in_a_row_are_left_out() -> None:
    fitted = fit(branch("One?", "One.", "Two?", "", "Three?", "", "Four?"), model(), SYSTEM)
    assert turns(fitted) == [("user", "One?"), ("assistant", "One."), ("user", "Two?\n\nThree?\n\nFour?")]


def test_an_answer_that_was_cut_is_kept_as_far_as_it_came() -> None:
    assert ("assistant", "On") in turns(fit(branch("One?", "On", "Two?"), model(), SYSTEM))


def test_the_answer_so_far_goes_along_to_be_continued() -> None:
    fitted = fit(branch("One?", "One.", "Two?"), model(), SYSTEM, prefix="Tw")
    assert turns(fitted)[-2:] == [("user", "Two?"), ("assistant", "Tw")]
    assert fitted.prompt.stable_turns == 2
    assert fitted.input_tokens == cost(fitted.prompt.turns) + SYSTEM_COST


def test_a_prefix_is_never_changed() -> None:
    """The model goes on from exactly this text: also from blanks at its end."""
    prefix = "  One,\n\n"
    assert fit(branch("Count"), model(), SYSTEM, prefix=prefix).prompt.turns[-1].text == prefix


def test_question_and_answer_so_far_are_never_dropped() -> None:
    fitted = fit(branch(*[words(300)] * 10, "Go on?"), model(), SYSTEM, prefix=words(800))
    assert turns(fitted)[-2:] == [("user", "Go on?"), ("assistant", words(800))]
    assert fitted.prompt.turns[0].role == "user"


def test_an_answer_that_has_filled_the_window_cannot_be_continued() -> None:
    with pytest.raises(Refused, match="context window"):
        fit(branch("Go on?"), model(), SYSTEM, prefix=words(1800))


def test_without_a_system_prompt_none_is_sent() -> None:
    fitted = fit(branch("Hi"), model(), "")
    assert fitted.prompt.system == ""
    assert fitted.input_tokens == cost(fitted.prompt.turns)


def test_the_beginning_stays_the_same_for_many_exchanges() -> None:
    """The provider's cache matches a prefix: it may not move with every message."""
    texts, begins, exchange = [], [], 60
    for number in range(100):
        texts += [f"{number}? {words(exchange - 10)}"]
        sent = fit(branch(*texts), model(window=4000, output=500), SYSTEM).prompt
        begins.append(sent.turns[0].text)
        texts += [f"{number}. {words(exchange - 10)}"]
    moves = sum(one != other for one, other in itertools.pairwise(begins))
    assert moves > 2
    assert moves <= 100 * 2 * (exchange + TURN_OVERHEAD) / ((4000 - 500) / 4) + 1


def test_what_is_called_stable_is_sent_again_unchanged() -> None:
    texts = ["0?"]
    before = fit(branch(*texts), model(), SYSTEM).prompt
    for number in range(1, 10):
        texts += [f"{number}.", f"{number}?"]
        after = fit(branch(*texts), model(), SYSTEM).prompt
        assert after.turns[: before.stable_turns] == before.turns[: before.stable_turns]
        before = after


sizes = some.lists(some.integers(0, 400), min_size=1, max_size=30)


@settings(deadline=None, max_examples=150)
@given(sizes, some.integers(0, 300), some.integers(300, 4000), some.integers(1, 4000))
def test_whatever_is_sent_fits_and_alternates(lengths: list[int], prefixed: int, window: int, output: int) -> None:
    texts = [f"{number} {words(length)}" if length > 40 else "" for number, length in enumerate(lengths)]
    if len(texts) % 2 == 0:
        texts.pop()
    texts[-1] = texts[-1] or "?"
    prefix = words(prefixed)
    try:
        fitted = fit(branch(*texts), model(window, output), SYSTEM, prefix=prefix)
    except Refused as error:
        assert error.code == "context_too_long"  # noqa: PT017 (either outcome is right)
        assert cost([Turn("user", text) for text in [*texts, prefix]]) + SYSTEM_COST + min(256, output) > window
        return
    prompt = fitted.prompt
    roles = [turn.role for turn in prompt.turns]
    assert roles == [("user", "assistant")[number % 2] for number in range(len(roles))]
    assert prompt.turns[-1].text == prefix or prompt.turns[-1].text.endswith(texts[-1])
    assert cost(prompt.turns) + SYSTEM_COST <= fitted.input_tokens
    assert 0 < prompt.max_output_tokens <= output
    assert fitted.input_tokens + prompt.max_output_tokens <= window
    assert 0 <= prompt.stable_turns < len(prompt.turns)
    assert all(turn.text.strip() for turn in prompt.turns[:-1])


@pytest.mark.django_db
def test_a_persons_own_instructions_follow_the_sites() -> None:
    told = system_prompt(User(custom_instructions="  Be brief. "))
    assert told.endswith("Be brief.")
    assert told.startswith(system_prompt(User()))


def test_questions_that_were_never_answered_do_not_block_the_next_one() -> None:
    """Each would fit alone; all of them together would not, and the newest is the one that counts."""
    long = words(900)
    fitted = fit(branch(long, "", long, "", "Short?"), model(), SYSTEM)
    assert turns(fitted)[-1][1].endswith("Short?")
    assert fitted.input_tokens + fitted.prompt.max_output_tokens <= 2000


def test_what_is_left_of_unanswered_questions_is_one_turn() -> None:
    fitted = fit(branch("One?", "", "Two?"), model(), SYSTEM)
    assert turns(fitted) == [("user", "One?\n\nTwo?")]
    assert fitted.prompt.stable_turns == 0
