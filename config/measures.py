"""Counters and histograms of one process, in Prometheus's text format."""

import bisect
import threading
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Sequence

_lock = threading.Lock()  # of all measures: it is held for an addition


class Counter:
    """Only grows; apart by the value of one label, if it has one."""

    def __init__(self, name: str, words: str, label: str = "") -> None:
        self.name, self.words, self._label = name, words, label
        self._counts: Tally[str] = Tally() if label else Tally({"": 0})

    def add(self, amount: float = 1, value: str = "") -> None:
        with _lock:
            self._counts[value] += amount  # type: ignore[assignment]

    def lines(self) -> Iterator[str]:
        yield from _head(self.name, self.words, "counter")
        with _lock:
            counts = sorted(self._counts.items())
        for value, count in counts:
            yield f"{self.name}{_labels(self._label, value)} {count:g}"


class Histogram:
    """How many were at most so much, for each of some bounds."""

    def __init__(self, name: str, words: str, bounds: Sequence[float]) -> None:
        self.name, self.words, self._bounds = name, words, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        with _lock:
            self._counts[bisect.bisect_left(self._bounds, value)] += 1
            self._sum += value

    def lines(self) -> Iterator[str]:
        yield from _head(self.name, self.words, "histogram")
        with _lock:
            counts, total = list(self._counts), self._sum
        so_far = 0
        for bound, count in zip([*map(str, self._bounds), "+Inf"], counts, strict=True):
            so_far += count
            yield f"{self.name}_bucket{_labels('le', bound)} {so_far}"
        yield f"{self.name}_sum {total:g}"
        yield f"{self.name}_count {so_far}"


def gauge(name: str, words: str, value: float) -> Iterator[str]:
    """What is so at this moment."""
    yield from _head(name, words, "gauge")
    yield f"{name} {value:g}"


def text(measures: Iterable[Iterable[str]]) -> str:
    return "".join(f"{line}\n" for lines in measures for line in lines)


def _head(name: str, words: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"


def _labels(label: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{{{label}="{escaped}"}}' if label else ""
