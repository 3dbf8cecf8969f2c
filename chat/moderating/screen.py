"""A stream as it may be shown: cut where a blocked match begins, and held back only as far as one may be beginning."""

from typing import TYPE_CHECKING, Any

import msgspec

from .words import WordSearch

if TYPE_CHECKING:
    from .rules import Rule, RuleSet

CONTEXT = 64  # characters before what is held that a pattern may look back at


class Passed(msgspec.Struct, frozen=True):
    """What may be shown now; ``blocked``: the rule that ends the stream there."""

    text: str
    blocked: "Any" = None


class Screen:
    """Takes a stream piece by piece. Nothing that is a part of a match leaves it, however the stream is cut.

    For words exactly that is held back which may be the beginning of one; for patterns, whose beginnings RE2 does
    not tell, as many characters as the rule says that a match can have.
    """

    def __init__(self, rules: "RuleSet", before: str = "") -> None:
        self._patterns = rules.patterns
        self._longest = rules.longest_match
        self._held = ""
        self._context = before[-CONTEXT:]
        self._base = 0  # the place of what is held, counted in characters since the beginning of ``before``
        self._words: WordSearch[Rule] | None = None
        if rules.automaton is not None:
            self._words = WordSearch(rules.automaton)
            known = before[-4 * rules.automaton.longest :]
            self._skip(known)

    def _skip(self, known: str) -> None:
        """Read what has been shown already: only what goes on from it counts."""
        assert self._words is not None
        for char in known:
            self._words.feed(char)
        self._base = len(known)

    def feed(self, text: str) -> Passed:
        """What of the stream may be shown now that this has come."""
        self._held += text
        word = self._words.feed(text) if self._words else None
        match = self._first(word, self._pattern(ended=False))
        if match:
            return self._cut(*match)
        end = self._base + len(self._held)
        hold_from = min(self._words.hold_from if self._words else end, end - self._longest)
        return self._release(hold_from)

    def finish(self) -> Passed:
        """The rest, when nothing more comes."""
        word = self._words.finish() if self._words else None
        match = self._first(word, self._pattern(ended=True))
        return self._cut(*match) if match else self._release(self._base + len(self._held))

    @property
    def held(self) -> str:
        """What has come and is not shown."""
        return self._held

    def _first(self, *matches: "tuple[int, Rule] | None") -> "tuple[int, Rule] | None":
        return min((match for match in matches if match), key=lambda match: match[0], default=None)

    def _pattern(self, *, ended: bool) -> "tuple[int, Rule] | None":
        """The first match that more text cannot undo."""
        if not self._patterns or not self._held:
            return None
        text, offset = self._context + self._held, len(self._context)
        found: list[tuple[int, Rule]] = []
        for pattern, rule in self._patterns:
            match = pattern.search(text, offset)
            if match is None:
                continue
            growing = match.end() == len(text) and len(text) - match.start() < rule.longest_match
            if ended or not growing:
                found.append((self._base + match.start() - offset, rule))
        return self._first(*found)

    def _cut(self, place: int, rule: "Rule") -> Passed:
        shown = self._held[: max(place - self._base, 0)]
        self._held = self._held[len(shown) :]
        return Passed(shown, rule)

    def _release(self, place: int) -> Passed:
        count = max(place - self._base, 0)
        shown, self._held = self._held[:count], self._held[count:]
        if shown:
            self._context = (self._context + shown)[-CONTEXT:]
            self._base += len(shown)
        return Passed(shown)
