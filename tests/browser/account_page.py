"""A page beside the chat, as a person uses it, and what an accessibility checker says of it."""

from pathlib import Path
from typing import Any, Literal, Self

from playwright.async_api import Locator, Page

AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text()
# What passes is not written down node by node: that takes as long as the looking.
RUN_AXE = "axe.run({ resultTypes: ['violations'] })"
SERIOUS = ("serious", "critical")
LOOKS: list[tuple[Literal["light", "dark"], int, int]] = [("light", 1440, 900), ("dark", 390, 844), ("light", 320, 640)]


class AccountPage:
    """A tab without a line to the server. ``complaints`` is what no page may ever have."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda message: self._hear(message.type, message.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and "422" not in text:
            self.complaints.append(f"console: {text}")

    async def open(self, path: str) -> Self:
        await self.page.goto(self.url + path)
        return self

    def labelled(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def barriers(self) -> list[str]:
        """What axe-core calls serious or critical, and what does not fit into the window."""
        await self.page.evaluate(AXE)
        result: dict[str, Any] = await self.page.evaluate(RUN_AXE)
        found = [rule for rule in result["violations"] if rule["impact"] in SERIOUS]
        named = [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
        wide = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return named + ([f"{wide} pixels too wide"] if wide > 0 else [])

    async def everywhere(self) -> list[str]:
        """The barriers in light and in dark, from a phone to a desk."""
        found: list[str] = []
        for scheme, width, height in LOOKS:
            await self.page.emulate_media(color_scheme=scheme)
            await self.page.set_viewport_size({"width": width, "height": height})
            # Colours that are still on their way are not those a person reads.
            await self.page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
            found += [f"{scheme} {width}: {barrier}" for barrier in await self.barriers()]
        return found
