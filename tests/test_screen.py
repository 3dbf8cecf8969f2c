"""What a stream may show: never a part of a blocked match, wherever the stream is cut into pieces."""

import random

import pytest
from django.core.exceptions import ValidationError

from chat.models import ContentRule
from chat.moderating.rules import Rule, RuleSet
from chat.moderating.words import folded


def words(*lines: str, name: str = "rule") -> Rule:
    return Rule(1, name, ContentRule.Kind.WORDS, "\n".join(lines), ContentRule.Action.BLOCK, 80)


def pattern(text: str, longest: int = 40) -> Rule:
    return Rule(2, "pattern", ContentRule.Kind.PATTERN, text, ContentRule.Action.BLOCK, longest)


def shown(rules: RuleSet, pieces: list[str], before: str = "") -> tuple[str, bool]:
    """All that leaves the screen, and whether it was blocked."""
    screen = rules.screen(before)
    assert screen is not None
    text = ""
    for piece in pieces:
        passed = screen.feed(piece)
        text += passed.text
        if passed.blocked:
            return text, True
    passed = screen.finish()
    return text + passed.text, passed.blocked is not None


CASES = [
    (words("secret"), "This is a secret.", "This is a "),
    (words("secret"), "Secretary, secretly, and the end", None),
    (words("secret"), "It ends with secret", "It ends with "),
    (words("top secret"), "It is Top—Secret! Really", "It is "),
    (words("top secret"), "top of the secret", None),
    (words("secret plan", "plan b"), "the secret plan b", "the "),
    (words("geheim*"), "Das Geheimnis bleibt", "Das "),
    (words("*heim"), "Das Altersheim dort", "Das Alters"),
    (words("straße"), "In der STRASSE, in der Straße", "In der STRASSE, in der "),
    (words("se cret"), "se\u200bcret se\u00ad cret!", "se\u200bcret "),
    (words("机密"), "这是机密文件", "这是"),
    (words("a b c d e"), "a b c a b c d e f", "a b c "),
    (pattern(r"\b\d{4}-\d{4}\b"), "My number is 1234-5678, yes", "My number is "),
    (pattern(r"\b\d{4}-\d{4}\b"), "My number is 1234-56789, no", None),
    (pattern(r"sk-[a-z0-9]{8}"), "the key sk-abcd1234", "the key "),
    (pattern(r"end$"), "the end of the end", "the end of the "),
    (pattern(r"(ja|nein)+!"), "jajaneinja! und", ""),
    (pattern("ÄÖ"), "Wörter: äö", "Wörter: "),
]


@pytest.mark.parametrize(("rule", "text", "expected"), CASES)
def test_a_match_is_cut_where_it_begins_at_every_way_to_cut_the_stream(
    rule: Rule, text: str, expected: str | None
) -> None:
    rules = RuleSet([rule])
    wanted = (text, False) if expected is None else (expected, True)
    assert shown(rules, [text]) == wanted
    assert shown(rules, list(text)) == wanted
    for place in range(1, len(text)):
        assert shown(rules, [text[:place], text[place:]]) == wanted
    chance = random.Random(5)
    for _ in range(40):
        pieces, rest = [], text
        while rest:
            size = chance.randint(1, 6)
            pieces.append(rest[:size])
            rest = rest[size:]
        assert shown(rules, pieces) == wanted


@pytest.mark.parametrize(("rule", "text", "expected"), CASES)
def test_a_whole_text_is_judged_like_a_stream(rule: Rule, text: str, expected: str | None) -> None:
    assert bool(RuleSet([rule]).matching(text)) == (expected is not None)


def test_words_hold_back_only_what_may_begin_one() -> None:
    screen = RuleSet([words("secret")]).screen()
    assert screen is not None
    assert [screen.feed(piece).text for piece in ("Hello ", "wor", "ld se", "c", "ond")] == [
        "Hello ",
        "wor",
        "ld ",
        "",
        "second",
    ]


def test_a_pattern_holds_back_no_more_than_its_longest_match() -> None:
    screen = RuleSet([pattern("x{3}", longest=10)]).screen()
    assert screen is not None
    sent = "abcdefgh " * 20
    seen = "".join(screen.feed(char).text for char in sent)
    assert len(sent) - len(seen) == 10


def test_a_match_that_began_before_a_continuation_ends_it() -> None:
    rules = RuleSet([words("top secret")])
    assert shown(rules, ["cret, or not"], before="this is top se") == ("", True)
    assert shown(rules, ["cond, or not"], before="this is top se") == ("cond, or not", False)


def test_the_first_of_several_matches_is_the_one() -> None:
    rules = RuleSet([words("beta"), pattern("alpha")])
    assert shown(rules, list("one alpha two beta three")) == ("one ", True)
    assert shown(rules, list("one beta two alpha three")) == ("one ", True)


def test_hostile_text_makes_nothing_grow() -> None:
    rules = RuleSet([words("a" * 63 + "b", "a b " * 15 + "c"), pattern(r"(a+)+b!|(a|aa)+c!", longest=200)])
    screen = rules.screen()
    assert screen is not None
    for _ in range(1000):
        screen.feed("a" * 40)
        assert len(screen.held) <= 200


@pytest.mark.parametrize(
    ("kind", "text", "words_"),
    [
        ("words", "---", "no word"),
        ("words", "x" * 65, "too long"),
        ("pattern", "(", "not a pattern"),
        ("pattern", "(?=a)", "not a pattern"),
        ("pattern", "a*", "nothing"),
        ("pattern", "((((a{100}){100}){100}){100})", "not a pattern"),
        ("pattern", "a" * 501, "at most 500"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_a_sentence(kind: str, text: str, words_: str) -> None:
    with pytest.raises(ValidationError, match=words_):
        ContentRule(name="rule", kind=kind, text=text).clean()


def test_folding_keeps_words_apart() -> None:
    assert folded("  A—b..C ") == " a b c "
    assert folded("") == " "
