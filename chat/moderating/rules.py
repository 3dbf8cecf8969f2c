"""The content rules that are in force, as this process knows them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec

from chat.database import in_database
from chat.models import ContentRule, ProviderConnection

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


class Judge(msgspec.Struct, frozen=True):
    """A rule that a provider decides; ``categories``: those that count, none: all."""

    rule: Rule
    connection: ProviderConnection
    model: str
    categories: frozenset[str]
    timeout_s: float
    fails_closed: bool

    @classmethod
    def of(cls, rule: ContentRule, connection: ProviderConnection) -> "Judge":
        named = frozenset(line.strip().lower() for line in rule.text.splitlines() if line.strip())
        made = Rule.of(rule)
        return cls(made, connection, rule.moderation_model, named, rule.timeout_s, rule.fails_closed)

    @property
    def blocks(self) -> bool:
        return self.rule.action == ContentRule.Action.BLOCK

    def minds(self, flagged: frozenset[str]) -> bool:
        """Whether one of these categories counts; “harassment” is “harassment/threatening”, too."""
        if not self.categories:
            return bool(flagged)
        return any(name in self.categories or name.partition("/")[0] in self.categories for name in flagged)


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
    """All that are enabled, by what they are for; providers' moderation apart from what is found here."""

    def __init__(self, enabled: Sequence[ContentRule]) -> None:
        self.stamp = stamp_of(enabled)
        rules = [rule for rule in enabled if rule.kind != ContentRule.Kind.PROVIDER]
        self._judged = [
            (side, Judge.of(rule, rule.connection))
            for rule in enabled
            for side in rule.sides
            if rule.kind == ContentRule.Kind.PROVIDER and rule.connection
        ]
        by_use: dict[tuple[str, bool], list[Rule]] = {}
        for rule in rules:
            for side in rule.sides:
                blocks = rule.action == ContentRule.Action.BLOCK
                by_use.setdefault((side, blocks), []).append(Rule.of(rule))
        self.prompts_blocked = RuleSet(by_use.get(("prompts", True), ()))
        self.prompts_noted = RuleSet(by_use.get(("prompts", False), ()))
        self.answers_blocked = RuleSet(by_use.get(("answers", True), ()))
        self.answers_noted = RuleSet(by_use.get(("answers", False), ()))

    def judges(self, side: str, *, block: bool) -> list[Judge]:
        """The providers that are asked about prompts or answers, for rules that block or for those that do not."""
        return [judge for each, judge in self._judged if each == side and judge.blocks == block]


def stamp_of(rules: Iterable[ContentRule]) -> frozenset[Any]:
    return frozenset(
        (rule.pk, rule.changed_at, rule.connection and (rule.connection.revision, rule.connection.enabled))
        for rule in rules
    )


_known: RulesInForce | None = None


def in_force() -> RulesInForce:
    """As of the last look; blocking the first time."""
    return _known or look()


async def ain_force() -> RulesInForce:
    """As ``in_force``, for the event loop."""
    known = _known
    return known if known is not None else await in_database(look)


def look() -> RulesInForce:
    """Read the rules, and make them ready again if one has changed. Blocking; one query."""
    global _known  # noqa: PLW0603 (one for each process)
    rules = list(ContentRule.objects.filter(enabled=True).select_related("connection").order_by("pk"))
    if _known is None or _known.stamp != stamp_of(rules):
        _known = RulesInForce(rules)
    return _known


def forget() -> None:
    """The next who asks reads them again."""
    global _known  # noqa: PLW0603
    _known = None
