"""Figures as a table that grows while they are taken, and as JSON in ``var/bench.json``."""

import json
import os
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tests.live.server import ROOT

from .lag import Lag

FILE = ROOT / "var" / "bench.json"


class Report:
    """The figures of one part of the benchmark."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._figures: dict[str, Any] = {}
        self._load = os.getloadavg()[0]
        print(f"\n{part} (load of the machine: {self._load:.1f})")

    def say(self, what: str, value: float | None, unit: str = "") -> None:
        """One figure; None: there is none."""
        shown = "–" if value is None else f"{value:.2f}"
        print(f"{what:72} {shown:>10} {unit}", flush=True)
        self._figures[what] = {"value": None if value is None else round(value, 3), "unit": unit}

    def lag(self, what: str, lag: Lag) -> None:
        """How late Parley's event loop was during a load."""
        print(f"{what}: {lag}", flush=True)
        self._figures[f"{what}: event loop"] = msgspec.to_builtins(lag)

    def row(self, what: str, taken: Mapping[int, Sequence[float]]) -> None:
        """The same figure, in ms, at several sizes: median and slowest, and how the median grows from least to most."""
        if not self._figures:
            print(f"{'ms, median / slowest':52}", *(f"{size:>17}" for size in taken), f"{'times':>7}")
        medians = {size: statistics.median(each) for size, each in taken.items()}
        cells = [f"{medians[size]:.1f} / {max(each):.1f}" for size, each in taken.items()]
        times = medians[max(medians)] / max(medians[min(medians)], 0.1)
        print(f"{what:52}", *(f"{cell:>17}" for cell in cells), f"{times:7.1f}", flush=True)
        self._figures[what] = {
            size: {"median": round(medians[size], 2), "slowest": round(max(each), 2)} for size, each in taken.items()
        }

    def rows(self, name: str, rows: list[dict[str, Any]]) -> None:
        """A table that was printed elsewhere."""
        self._figures[name] = rows

    @staticmethod
    def saved() -> dict[str, Any]:
        """The figures of all parts, as they were last measured."""
        known: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
        return known

    def save(self) -> None:
        """Put the figures beside those of the other parts."""
        FILE.parent.mkdir(exist_ok=True)
        self._figures["load of the machine when it began"] = {"value": round(self._load, 1), "unit": ""}
        FILE.write_text(json.dumps(self.saved() | {self._part: self._figures}, indent=2) + "\n")
