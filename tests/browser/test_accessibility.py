"""What an accessibility checker and a screen reader make of the chat page, in each of its states."""

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from .account_page import AXE, LOOKS, RUN_AXE, SERIOUS
from .chat_page import ChatPage
from .conftest import OpenPage

RICH = (
    "# Title\n\nSome *words*, `code` and [a link](https://example.org).\n\n- one\n- two\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1  # one\n```\n\n> A quote.\n"
)

SETTLED = """() => {
  const moving = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
  return Promise.allSettled(moving.map((one) => one.finished));
}"""


@pytest_asyncio.fixture(loop_scope="session", params=LOOKS[:2], ids=["light", "dark phone"])
async def page(request: pytest.FixtureRequest, tab: OpenPage) -> ChatPage:
    """A tab that looked like that from the beginning: colours on their way from one theme to the other have any
    contrast."""
    scheme, width, height = request.param
    return await tab(color_scheme=scheme, viewport={"width": width, "height": height})


async def barriers(page: ChatPage) -> list[str]:
    """What axe-core calls serious or critical, and what does not fit into the window."""
    await page.page.evaluate(AXE)
    await page.page.evaluate(SETTLED)
    result: dict[str, Any] = await page.page.evaluate(RUN_AXE)
    serious = [rule for rule in result["violations"] if rule["impact"] in SERIOUS]
    found = [f"{one['html'][:160]} {one['failureSummary']}" for rule in serious for one in rule["nodes"]]
    wide = await page.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([f"{wide} pixels too wide"] if wide > 0 else [])


async def test_a_new_conversation_has_no_barriers(page: ChatPage) -> None:
    assert await barriers(page) == []


async def test_an_answer_with_everything_in_it_has_no_barriers(page: ChatPage) -> None:
    page.provider.script(tokens=(RICH,), thinking=("Hm.",))
    await page.ask("Hello")
    await expect(page.answer.locator("code .hljs-number")).to_be_attached()
    assert await barriers(page) == []


@pytest.mark.parametrize("ending", ["silence", "cut"])
async def test_an_answer_that_is_written_or_has_failed_has_no_barriers(page: ChatPage, ending: str) -> None:
    page.provider.script(tokens=("One",), ending=ending, after=1)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_have_text("One")
    assert await barriers(page) == []
    await page.page.keyboard.press("Escape")


async def test_what_opens_over_the_page_has_no_barriers(page: ChatPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("Hello")
    await page.page.keyboard.press("Control+/")
    await expect(page.one("shortcuts")).to_be_visible()
    assert await barriers(page) == []
    await page.page.keyboard.press("Escape")
    await page.prompts.first.hover()
    await page.one("edit").click()
    await expect(page.one("edit-text")).to_be_focused()
    assert await barriers(page) == []
    await page.one("edit-text").press("Escape")
    await page.one("budget").get_by_role("button").click()
    await expect(page.one("budget-details")).to_be_visible()
    assert await barriers(page) == []
    await page.page.keyboard.press("Escape")
    await page.page.keyboard.press("Control+k")
    await page.one("search").fill("hello")
    await expect(page.one("search-result").first).to_be_visible()
    assert await barriers(page) == []


async def test_a_line_that_is_gone_and_a_prompt_that_waits_have_no_barriers(page: ChatPage) -> None:
    page.wire.unplug()
    await expect(page.status).to_have_attribute("data-state", "reconnecting")
    await page.send("Hello")
    await expect(page.one("outbox-item")).to_be_visible()
    assert await barriers(page) == []
    page.wire.plug_in()


async def test_a_screen_reader_hears_that_it_is_answered_and_the_answer_but_no_token(tab: OpenPage) -> None:
    page = await tab()
    await page.page.evaluate(
        """() => {
          window.heard = [];
          const hear = (changes) => changes.forEach(({ target }) => {
            const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
            const live = element?.closest("[role=status], [role=alert], [aria-live]");
            if (live && live.getAttribute("aria-live") !== "off") window.heard.push(live.textContent.trim());
          });
          const whatever = { childList: true, characterData: true, subtree: true };
          new MutationObserver(hear).observe(document.querySelector("chat-thread"), whatever);
        }"""
    )
    page.provider.script(tokens=tuple(f"Word{n} " for n in range(20)), rate=40)
    await page.ask("Hello")
    whole = " ".join(f"Word{n}" for n in range(20))
    heard: list[str] = [words for words in await page.page.evaluate("window.heard") if words]
    assert list(dict.fromkeys(heard)) == ["Answering…", whole]
