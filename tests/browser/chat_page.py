"""The chat page as a person uses it."""

import asyncio
import contextlib
from typing import Self

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page, expect

from tests.provider_server.server import ProviderServer

from .wire import Wire

STRICT = ("Content Security Policy", "Trusted", "Refused to")


class ChatPage:
    """A tab. ``complaints`` is what no page may ever have: script errors, policy violations, foreign requests."""

    def __init__(self, page: Page, wire: Wire, provider: ProviderServer) -> None:
        self.page = page
        self.wire = wire
        self.provider = provider
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("console", lambda message: self._hear(message.text))
        page.on("request", lambda request: self._watch(request.url))

    def _hear(self, text: str) -> None:
        if any(words in text for words in STRICT):
            self.complaints.append(f"console: {text}")

    def _watch(self, url: str) -> None:
        if not url.startswith((self.wire.url, "data:")):
            self.complaints.append(f"request: {url}")

    async def open(self, path: str = "/") -> Self:
        await self.page.goto(self.wire.url + path)
        await expect(self.status).to_have_attribute("data-state", "connected")
        return self

    def one(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    @property
    def status(self) -> Locator:
        return self.one("connection-status")

    @property
    def composer(self) -> Locator:
        return self.one("composer")

    @property
    def prompts(self) -> Locator:
        return self.page.locator("[data-testid=message][data-role=user]")

    @property
    def answers(self) -> Locator:
        return self.page.locator("[data-testid=message][data-role=assistant]")

    @property
    def answer(self) -> Locator:
        """The last one."""
        return self.answers.last

    def body(self, message: Locator) -> Locator:
        return message.get_by_test_id("message-body")

    async def settle(self) -> None:
        """Wait until what was typed is saved: a page that is closed sends it, which may come late in the next test."""
        saved = "() => Object.keys(localStorage).every((key) => !key.startsWith('draft:'))"
        with contextlib.suppress(PlaywrightError):  # a page that is closed saves nothing any more
            for _ in range(300):
                if await self.page.evaluate(saved):
                    break
                await asyncio.sleep(0.05)

    async def send(self, prompt: str) -> None:
        await self.composer.fill(prompt)
        await self.composer.press("Enter")

    async def ask(self, prompt: str, count: int = 1) -> None:
        """Send, and wait until the conversation has ``count`` answers and the last one is complete."""
        await self.send(prompt)
        await expect(self.answers).to_have_count(count)
        await self.ended()

    async def ended(self, status: str = "completed") -> None:
        await expect(self.answer).to_have_attribute("data-status", status, timeout=15_000)
        # The foot comes from the record; then the page is as a reload would show it.
        await expect(self.answer.get_by_test_id("copy")).to_be_visible()

    async def press_and_hear(self, button: Locator) -> None:
        """Press a button that says for a moment that it is done: whoever only looked could miss that moment."""
        await button.evaluate(
            """(button) => {
              button.heard = new Promise((done) => {
                const hear = () => button.dataset.done === "true" && done();
                new MutationObserver(hear).observe(button, { attributes: true });
              });
            }"""
        )
        await button.click()
        await button.evaluate("(button) => button.heard")

    @property
    def thread(self) -> Locator:
        """What scrolls."""
        return self.page.locator("message-list")

    async def at_end(self) -> None:
        await self.page.wait_for_function(
            "(list) => list.scrollHeight - list.clientHeight - list.scrollTop < 2",
            arg=await self.thread.element_handle(),
        )

    async def scroll_up(self, pixels: int) -> float:
        """Turn the wheel, and wait until the list rests; where it does."""
        await self.thread.hover()
        await self.page.mouse.wheel(0, -pixels)
        await expect(self.page.locator("chat-thread")).to_have_attribute("data-away", "true")
        rest: float = await self.thread.evaluate(
            """async (list) => {
              const frame = () => new Promise(requestAnimationFrame);
              for (let still = 0, last = -1; still < 12; still = list.scrollTop === last ? still + 1 : 0) {
                last = list.scrollTop;
                await frame();
              }
              return list.scrollTop;
            }"""
        )
        return rest

    async def html(self) -> list[str]:
        """The bodies of all messages, as they are on the page."""
        await expect(self.page.locator("[data-role=assistant]:not([data-rendered=whole])")).to_have_count(0)
        bodies: list[str] = await self.one("message-body").evaluate_all("all => all.map((one) => one.innerHTML)")
        return bodies
