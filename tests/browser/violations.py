"""A browser that hears every break of a content policy or of Trusted Types, in whichever page or frame it happens."""

from typing import Any

from playwright.async_api import Browser, BrowserContext

MARK = "securitypolicyviolation:"
REPORT = f"""addEventListener("securitypolicyviolation", (event) => console.error(
  "{MARK}", event.violatedDirective, event.blockedURI || event.sample, "at", event.sourceFile || location.href,
), true)"""
WORDS = (MARK, "Content Security Policy", "TrustedHTML", "TrustedScript", "Refused to")


class WatchedBrowser:
    """As the browser, for what tests do with it; ``violations`` is to be empty in the end."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.violations: list[str] = []

    async def new_context(self, **options: Any) -> BrowserContext:
        context = await self._browser.new_context(**options)
        context.on("console", lambda message: self._hear(message.text))
        context.on("weberror", lambda error: self._hear(str(error.error)))
        await context.add_init_script(REPORT)
        return context

    async def close_all(self) -> None:
        """What has happened in a page is known by the time it is closed."""
        for context in self._browser.contexts:
            await context.close()

    def _hear(self, text: str) -> None:
        if any(words in text for words in WORDS):
            self.violations.append(text)
