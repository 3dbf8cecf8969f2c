"""The demo: a script that says that it is one."""

import pytest

from chat.providers import Turn
from chat.providers.demo import DemoProvider
from chat.providers.demo_answers import answer_to, calculated

from .reading import finish, prompt, read, text, usage

ASKED = ["hi", "help", "show me a table", "some code", "a list", "maths", "something long", "why?", "12 * 34", ""]


@pytest.fixture
def demo() -> DemoProvider:
    """As fast as a test wants it."""
    return DemoProvider(tokens_per_second=1e6)


@pytest.mark.parametrize("asked", ASKED)
async def test_every_answer_says_what_it_is(demo: DemoProvider, asked: str) -> None:
    deltas = await read(demo, prompt(asked))
    assert any(word in text(deltas) for word in ("script", "no language model"))
    assert text(deltas) == answer_to(asked)
    assert finish(deltas) == "stop"


@pytest.mark.parametrize("asked", ["hi", "help", "what is love?"])
async def test_it_names_the_settings_that_add_a_model(demo: DemoProvider, asked: str) -> None:
    answer = text(await read(demo, prompt(asked)))
    assert all(name in answer for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", ".env"))


@pytest.mark.parametrize(
    ("asked", "markdown"),
    [("a table please", "| --"), ("write python code", "```python"), ("a list", "1. "), ("some maths", "$$")],
)
async def test_it_shows_what_is_asked_for(demo: DemoProvider, asked: str, markdown: str) -> None:
    assert markdown in text(await read(demo, prompt(asked)))


async def test_what_it_cannot_answer_is_quoted(demo: DemoProvider) -> None:
    assert "> why is the sky blue?" in text(await read(demo, prompt("why is the sky blue?")))


@pytest.mark.parametrize("asked", ["Hallo!", "Zeig mir eine Tabelle", "Wie wird das Wetter?", "Was ist 3 + 4?"])
async def test_german_is_answered_in_german(demo: DemoProvider, asked: str) -> None:
    answer = text(await read(demo, prompt(asked)))
    assert "Sprachmodell" in answer
    assert "language model" not in answer


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        ("what is 12*34?", "12·34 = **408**"),
        ("2 + 3 * (4)", "2 + 3 · (4) = **14**"),
        ("7/2", "7/2 ≈ **3.5**"),
        ("1 / 0", None),
        ("on 2026-11-21", None),
        ("pages 2-3", None),
        ("9" * 40 + "*2", None),
        ("1+" * 60 + "1", None),
        ("nothing", None),
    ],
)
def test_sums_are_calculated_and_nothing_else(asked: str, result: str | None) -> None:
    assert calculated(asked) == result


async def test_the_limit_is_kept(demo: DemoProvider) -> None:
    deltas = await read(demo, prompt("hi", max_output_tokens=7))
    counted = usage(deltas)
    assert finish(deltas) == "length"
    assert counted
    assert counted.output_tokens == 7
    assert counted.input_tokens == 1


async def test_it_goes_on_from_every_place(demo: DemoProvider) -> None:
    whole = answer_to("some code")
    for cut in range(1, len(whole) + 1):
        assert whole[:cut] + text(await read(demo, prompt("some code", whole[:cut]))) == whole


async def test_it_does_not_go_on_with_what_is_not_its_own(demo: DemoProvider) -> None:
    assert "not its own" in text(await read(demo, prompt("hi there", "As a large model, I")))


async def test_leaving_early_is_possible(demo: DemoProvider) -> None:
    async with demo.stream(prompt("hi", turns=(Turn("user", "something long"),))) as packets:
        assert await anext(packets)
