"""What is asked, what was measured, and whether the one is reached by the other."""

import statistics
from collections.abc import Callable

import msgspec


class Row(msgspec.Struct, frozen=True):
    """``measured`` is None when it was not; ``spread`` has the least and the most of the rounds."""

    what: str
    asked: str
    measured: float | None
    reached: bool | None
    spread: tuple[float, float] | None = None

    def __str__(self) -> str:
        measured = "–" if self.measured is None else f"{self.measured:.2f}"
        spread = "" if self.spread is None else "{:.2f} to {:.2f}".format(*self.spread)
        verdict = {None: "not measured", True: "reached", False: "not reached"}[self.reached]
        return f"{self.what:62} {self.asked:>14} {measured:>9} {spread:>18}  {verdict}"


def at_most(what: str, limit: float, found: list[float], unit: str = "") -> Row:
    """The median of some rounds is to be no more than that."""
    return _row(what, f"<= {limit:g} {unit}", found, lambda measured: measured <= limit)


def at_least(what: str, limit: float, found: list[float], unit: str = "") -> Row:
    return _row(what, f">= {limit:g} {unit}", found, lambda measured: measured >= limit)


def _row(what: str, asked: str, found: list[float], holds: Callable[[float], bool]) -> Row:
    if not found:
        return Row(what, asked.strip(), None, None)
    measured = statistics.median(found)
    spread = (min(found), max(found)) if len(found) > 1 else None
    return Row(what, asked.strip(), round(measured, 3), holds(measured), spread)
