"""Figures as a table that grows while they are taken, and as JSON in ``var/bench.json``."""

import json
import os
from typing import Any

from tests.live.server import ROOT

FILE = ROOT / "var" / "bench.json"


class Report:
    """The figures of one part of the benchmark."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._figures: dict[str, Any] = {}
        print(f"\n{part} (load of the machine: {os.getloadavg()[0]:.1f})")

    def say(self, what: str, value: float | None, unit: str = "") -> None:
        """One figure; None: there is none."""
        shown = "–" if value is None else f"{value:.2f}"
        print(f"{what:72} {shown:>10} {unit}", flush=True)
        self._figures[what] = {"value": None if value is None else round(value, 3), "unit": unit}

    def rows(self, name: str, rows: list[dict[str, Any]]) -> None:
        """A table that was printed elsewhere."""
        self._figures[name] = rows

    def save(self) -> None:
        """Put the figures beside those of the other parts."""
        FILE.parent.mkdir(exist_ok=True)
        known = json.loads(FILE.read_text()) if FILE.exists() else {}
        FILE.write_text(json.dumps(known | {self._part: self._figures}, indent=2) + "\n")
