"""A tab of the chat page with its observers, and a person who asks and types in it."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Page

Figures = dict[str, float]
WATCH = (Path(__file__).parent / "page.js").read_text()
KEYS_PER_S = 12
LETTERS = "So this is what is typed while the answer streams in. "


def p95(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 95 // 100] if values else float("nan")


class Tab:
    """``taken`` is what has been observed since the last time."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)
        await self.page.locator("[data-testid=connection-status][data-state=connected]").wait_for(state="attached")
        await self.page.wait_for_timeout(1000)
        await self.page.evaluate("() => { window.bench.watch(); }")

    async def type_for(self, seconds: float) -> None:
        composer = self.page.get_by_test_id("composer")
        letters = (LETTERS * 50)[: int(seconds * KEYS_PER_S)]
        await composer.press_sequentially(letters, delay=1000 / KEYS_PER_S, timeout=200_000)

    async def answered(self, seconds: float) -> None:
        """Ask, type for so long, and wait for the end."""
        composer = self.page.get_by_test_id("composer")
        await composer.fill("Go on")
        await composer.press("Enter")
        await self.page.locator("[data-role=assistant][data-status=running]").wait_for()
        await self.type_for(seconds)
        ended = self.page.locator("[data-role=assistant]:not([data-status=running]):not([data-status=queued])")
        await ended.wait_for(timeout=120_000)
        await self.page.wait_for_timeout(1500)
        await composer.fill("")

    async def taken(self, name: str) -> Figures:
        found: dict[str, Any] = await self.page.evaluate("() => window.bench.take()")
        if os.environ.get("BENCH_SLOW"):
            for frame in sorted(found["slow"], key=lambda one: -one["duration"])[:6]:
                print(name, json.dumps(frame))
        figures = {
            f"{name}: longest task, ms": max(found["tasks"], default=0),
            f"{name}: tasks over 50 ms": len(found["tasks"]),
        }
        if found["handled"]:
            figures |= {
                f"{name}: a letter typed to handled, ms p95": p95(found["handled"]),
                f"{name}: a letter typed to painted, ms p95": p95(found["painted"]),
            }
        return figures
