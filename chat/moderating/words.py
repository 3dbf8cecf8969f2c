"""Finds words in a stream, in linear time: the automaton of Aho and Corasick (1975) over folded characters.

Case, punctuation, spacing and characters that show nothing make no difference: “Top-Secret” is “top secret”.
A word is a whole word unless it begins or ends with ``*``; in scripts without spaces any place will do.
"""

import unicodedata
from collections import deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Label = TypeVar("Label", bound=Hashable)
GAP = " "  # whatever stands between words
CACHED_BELOW = 0x3000


class Folding(dict[int, str | None]):
    """For ``str.translate``: a character as words are compared; None where there is nothing to see."""

    def __missing__(self, code: int) -> str | None:
        folded = fold(chr(code))
        if code < CACHED_BELOW:
            self[code] = folded
        return folded


def fold(char: str) -> str | None:
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me"}:
        return None
    if not char.isalnum():
        return GAP
    return next((each for each in (char.casefold(), char.lower()) if len(each) == 1), char)


FOLDING = Folding()


def folded(text: str) -> str:
    """The text as words are compared, with one gap wherever there are some, and at both ends."""
    words = text.translate(FOLDING).split()
    return f"{GAP}{GAP.join(words)}{GAP}" if words else GAP


def key_of(word: str) -> str:
    """A word of a rule as it is looked for; without anything to find: empty."""
    bare = folded(word).strip(GAP)
    if not bare:
        return ""
    left = "" if word.startswith("*") or _unspaced(bare[0]) else GAP
    right = "" if word.endswith("*") or _unspaced(bare[-1]) else GAP
    return f"{left}{bare}{right}"


def _unspaced(char: str) -> bool:
    """Whether it belongs to a script in which words have no gaps between them."""
    return unicodedata.category(char) == "Lo"


class Automaton(Generic[Label]):
    """The words' trie with its failure links; shared by all streams."""

    def __init__(self, keys: Mapping[str, Label]) -> None:
        self.next: list[dict[str, int]] = [{}]
        self.depth = [0]
        self.found: list[tuple[int, Label] | None] = [None]
        self.longest = max(map(len, keys), default=0)
        for key, label in keys.items():
            self._add(key, label)
        self.fail = [0] * len(self.next)
        self._link()

    def step(self, state: int, char: str) -> int:
        while state and char not in self.next[state]:
            state = self.fail[state]
        return self.next[state].get(char, 0)

    def _add(self, key: str, label: Label) -> None:
        state = 0
        for char in key:
            if char not in self.next[state]:
                self.next[state][char] = len(self.next)
                self.next.append({})
                self.depth.append(self.depth[state] + 1)
                self.found.append(None)
            state = self.next[state][char]
        self.found[state] = (len(key), label)

    def _link(self) -> None:
        queue = deque(self.next[0].values())
        while queue:
            state = queue.popleft()
            for char, child in self.next[state].items():
                self.fail[child] = self.step(self.fail[state], char)
                self.found[child] = self.found[child] or self.found[self.fail[child]]
                queue.append(child)


class WordSearch(Generic[Label]):
    """One stream's place in the automaton. Places are counted in characters of the stream."""

    def __init__(self, automaton: Automaton[Label]) -> None:
        self._automaton = automaton
        self._place = 0
        self._read_last: deque[tuple[str, int]] = deque(maxlen=automaton.longest)  # folded, with their places
        self._state = 0
        self._read(GAP, 0)

    def feed(self, text: str) -> tuple[int, Label] | None:
        """Where the first word that is complete begins, and its label; then the search is over."""
        for char in text:
            seen = FOLDING[ord(char)]
            found = self._read(seen, self._place) if seen is not None else None
            self._place += 1
            if found:
                return found
        return None

    def finish(self) -> tuple[int, Label] | None:
        """The same for a word that the end completes."""
        return self._read(GAP, self._place)

    @property
    def hold_from(self) -> int:
        """Where that begins which may become a word; the end of the stream when nothing may."""
        depth = self._automaton.depth[self._state]
        return self._start_of(depth) if depth else self._place

    def _read(self, char: str, place: int) -> tuple[int, Label] | None:
        if self._read_last and char == GAP == self._read_last[-1][0]:
            return None
        self._read_last.append((char, place))
        self._state = self._automaton.step(self._state, char)
        found = self._automaton.found[self._state]
        return (self._start_of(found[0]), found[1]) if found else None

    def _start_of(self, length: int) -> int:
        """Where the last ``length`` folded characters begin; the gap before a word is not a part of it."""
        if self._read_last[-length][0] != GAP:
            return self._read_last[-length][1]
        return self._read_last[1 - length][1] if length > 1 else self._place
