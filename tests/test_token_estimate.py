"""The token estimate against what real vocabularies make of the corpus, and its running form."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.token_estimate import TokenCounter, estimate_tokens

CORPUS = Path(__file__).parent / "corpus"
COUNTS: dict[str, dict[str, int]] = json.loads((CORPUS / "counts.json").read_text())
texts = st.text(st.characters(codec=None)) | st.sampled_from(["", " ", "\ud800", "नमस्ते", "é" * 9])


def read(name: str) -> str:
    return (CORPUS / f"{name}.txt").read_bytes().decode()


def truth(name: str) -> int:
    return max(COUNTS[name]["o200k"], COUNTS[name]["cl100k"])


def test_every_sample_is_counted() -> None:
    assert {path.stem for path in CORPUS.glob("*.txt")} == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
def test_no_sample_is_underestimated_by_a_tenth_nor_overestimated_by_half(name: str) -> None:
    assert 0.95 <= estimate_tokens(read(name)) / truth(name) <= 1.5


def test_on_average_it_is_little_too_high() -> None:
    ratios = [estimate_tokens(read(name)) / truth(name) for name in COUNTS]
    assert 1.0 <= sum(ratios) / len(ratios) <= 1.15


@pytest.mark.parametrize("name", COUNTS)
def test_the_count_of_an_answer_in_pieces_is_nearly_that_of_the_whole(name: str) -> None:
    text, counter = read(name), TokenCounter()
    for start in range(0, len(text), 3):
        counter.add(text[start : start + 3])
    assert counter.tokens == pytest.approx(estimate_tokens(text), rel=0.1)


@pytest.mark.parametrize("name", COUNTS)
def test_the_least_count_is_not_above_any_vocabulary(name: str) -> None:
    counter = TokenCounter()
    counter.add(read(name))
    assert counter.least <= min(COUNTS[name].values())


def test_nothing_is_no_token_and_a_word_is_one_or_two() -> None:
    assert estimate_tokens("") == TokenCounter().tokens == TokenCounter().least == 0
    assert estimate_tokens("hi") in {1, 2}


@given(texts)
def test_any_text_has_an_estimate(text: str) -> None:
    assert (estimate_tokens(text) > 0) == bool(text)


@given(st.lists(texts))
def test_a_running_count_never_falls(pieces: list[str]) -> None:
    counter, before = TokenCounter(), 0
    for piece in pieces * 20:
        counter.add(piece)
        assert counter.least >= before
        before = counter.least
