"""Code in an answer: its colours, also while it is being written, and what is copied of it."""

from playwright.async_api import expect

from .chat_page import ChatPage

LINES = [f"def function_{n}():\n    return {n}\n" for n in range(60)]
CODE = "".join(LINES)
# A selection in a browser that lays code out in parts must give the lines as they are.
SELECTED = "(code) => { getSelection().selectAllChildren(code); return getSelection().toString(); }"

# As soon as its second line is there: whatever came later would be another element.
MARK_THE_FIRST = """() => {
  new MutationObserver((_, observer) => {
    const code = document.querySelector("code.language-python");
    if (!code?.textContent.includes("return 0")) return;
    code.marked = true;
    observer.disconnect();
  }).observe(document.querySelector("chat-thread"), { childList: true, subtree: true, characterData: true });
}"""


async def test_code_has_its_colours_before_its_block_is_complete(page: ChatPage) -> None:
    page.provider.script(tokens=("```python\n", *LINES), ending="silence")
    await page.send("Write code")
    code = page.body(page.answer).locator("code.language-python")
    await expect(code.locator(".hljs-keyword").first).to_be_attached()
    await expect(page.answer).to_have_attribute("data-status", "running")
    await expect(code.locator(".hljs-keyword")).to_have_count(2 * len(LINES))
    await code.evaluate("(code) => { code.marked = true; }")
    await page.one("stop").click()
    await page.ended("cancelled")
    await expect(code.locator(".hljs-keyword")).to_have_count(2 * len(LINES))
    assert await code.evaluate("(code) => code.marked")


async def test_a_block_stays_where_it_is_when_it_is_complete(page: ChatPage) -> None:
    page.provider.script(tokens=("```python\n", *LINES, "```\n\n", "The end."), rate=40)
    await page.page.evaluate(MARK_THE_FIRST)
    await page.ask("Write code")
    code = page.body(page.answer).locator("code.language-python")
    await expect(page.answer).to_have_attribute("data-rendered", "whole")
    assert await code.evaluate("(code) => code.marked")
    await expect(code.locator(".hljs-keyword")).to_have_count(2 * len(LINES))
    before = await page.html()
    await page.page.reload()
    assert await page.html() == before


async def test_a_long_block_is_selected_and_copied_as_it_was_written(page: ChatPage) -> None:
    page.provider.script(tokens=(f"```python\n{CODE}```",))
    await page.ask("Write code")
    code = page.body(page.answer).locator("code")
    await expect(code).to_have_text(CODE, use_inner_text=False)
    selected: str = await code.evaluate(SELECTED)
    assert selected.rstrip("\n") == CODE.rstrip("\n")


async def test_code_in_an_unknown_language_and_without_an_end_is_shown_as_it_is(page: ChatPage) -> None:
    page.provider.script(tokens=("```no-such-language\n", "one\n", "```\n\n", "~~~\n", "two <b>\n", "three"))
    await page.ask("Write code")
    blocks = page.body(page.answer).locator("code")
    await expect(blocks.nth(0)).to_have_text("one\n")
    await expect(blocks.nth(1)).to_have_text("two <b>\nthree")
    await expect(blocks.locator("span span")).to_have_count(0)
    before = await page.html()
    await page.page.reload()
    assert await page.html() == before
