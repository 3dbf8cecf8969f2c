"""The content rules that are in force, as this process knows them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from chat.models import ContentRule

from .patterns import compiled
from .screen import Screen
from .words import Automaton, folded, key_of


class Rule(msgspec.Struct, frozen=True):
    """What of a rule is needed to apply it."""

    id: int
    name: str
    kind: str
    text: str
    action: str
    longest_match: int

    @classmethod
    def of(cls, rule: ContentRule) -> "Rule":
        return cls(rule.pk or 0, rule.name, rule.kind, rule.text, rule.action, rule.longest_match)

    @property
    def keys(self) -> list[str]:
        """The words as they are looked for."""
        return [key for line in self.text.splitlines() if (key := key_of(line.strip()))]


class RuleSet:
    """Some rules, ready to be applied."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.patterns = [(compiled(rule.text), rule) for rule in self.rules if rule.kind == ContentRule.Kind.PATTERN]
        self.words = {
            key: rule for rule in reversed(self.rules) if rule.kind == ContentRule.Kind.WORDS for key in rule.keys
        }

    @cached_property
    def automaton(self) -> "Automaton[Rule] | None":
        return Automaton(self.words) if self.words else None

    @property
    def longest_match(self) -> int:
        """How many characters a pattern has to see together."""
        return max((rule.longest_match for _pattern, rule in self.patterns), default=0)

    def matching(self, text: str) -> list[Rule]:
        """The rules that a whole text meets, in their order."""
        if not self.rules or not text:
            return []
        met: set[Rule] = {rule for pattern, rule in self.patterns if pattern.search(text)}
        if self.words:
            seen = folded(text)
            met |= {rule for key, rule in self.words.items() if key in seen}
        return [rule for rule in self.rules if rule in met]

    def screen(self, before: str = "") -> Screen | None:
        """For a stream that goes on from ``before``; None: there is nothing to look for."""
        return Screen(self, before) if self.rules else None


class RulesInForce:
    """All that are enabled, by what they are for."""

    def __init__(self, rules: Sequence[ContentRule]) -> None:
        self.stamp = stamp_of(rules)
        by_use: dict[tuple[str, bool], list[Rule]] = {}
        for rule in rules:
            for side in rule.sides:
                blocks = rule.action == ContentRule.Action.BLOCK
                by_use.setdefault((side, blocks), []).append(Rule.of(rule))
        self.prompts_blocked = RuleSet(by_use.get(("prompts", True), ()))
        self.prompts_noted = RuleSet(by_use.get(("prompts", False), ()))
        self.answers_blocked = RuleSet(by_use.get(("answers", True), ()))
        self.answers_noted = RuleSet(by_use.get(("answers", False), ()))


def stamp_of(rules: Iterable[ContentRule]) -> frozenset[Any]:
    return frozenset((rule.pk, rule.changed_at) for rule in rules)


_known: RulesInForce | None = None


def in_force() -> RulesInForce:
    """As of the last look; blocking the first time."""
    return _known or look()


def look() -> RulesInForce:
    """Read the rules, and make them ready again if one has changed. Blocking; one query."""
    global _known  # noqa: PLW0603 (one for each process)
    rules = list(ContentRule.objects.filter(enabled=True).order_by("pk"))
    if _known is None or _known.stamp != stamp_of(rules):
        _known = RulesInForce(rules)
    return _known


def forget() -> None:
    """The next who asks reads them again."""
    global _known  # noqa: PLW0603
    _known = None
