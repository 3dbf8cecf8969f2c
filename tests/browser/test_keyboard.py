"""All of it without a mouse."""

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage


async def test_enter_sends_and_shift_enter_is_a_new_line(page: ChatPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.composer.press_sequentially("one")
    await page.composer.press("Shift+Enter")
    await page.composer.press_sequentially("two")
    await expect(page.composer).to_have_value("one\ntwo")
    await page.composer.press("Enter")
    await expect(page.body(page.prompts.first)).to_have_text("one\ntwo")
    await expect(page.composer).to_have_value("")
    await expect(page.composer).to_be_focused()


async def test_nothing_is_sent_while_a_word_is_being_composed(page: ChatPage) -> None:
    await page.composer.fill("にほん")
    for composing in ("{isComposing: true}", "{keyCode: 229}"):
        event = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, ...{composing}}})"
        await page.composer.evaluate(f"(text) => text.dispatchEvent({event})")
    await expect(page.composer).to_have_value("にほん")
    await expect(page.prompts).to_have_count(0)


async def test_an_empty_prompt_is_not_sent(page: ChatPage) -> None:
    await page.composer.press_sequentially("   ")
    await expect(page.one("send")).to_be_disabled()
    await page.composer.press("Enter")
    await expect(page.prompts).to_have_count(0)


async def test_escape_stops_the_answer(page: ChatPage) -> None:
    page.provider.script(tokens=("One",), ending="silence")
    await page.send("Hello")
    await expect(page.body(page.answer)).to_have_text("One")
    await page.page.keyboard.press("Escape")
    await page.ended("cancelled")


async def test_escape_leaves_an_edit_and_enter_sends_it(page: ChatPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    await page.prompts.first.get_by_test_id("edit").focus()
    await page.page.keyboard.press("Enter")
    await page.one("edit-text").press("Escape")
    await expect(page.one("edit-text")).to_have_count(0)
    await expect(page.prompts.first.get_by_test_id("edit")).to_be_focused()
    await page.page.keyboard.press("Enter")
    await page.one("edit-text").fill("Second")
    await page.one("edit-text").press("Enter")
    await expect(page.body(page.prompts.first)).to_have_text("Second")


async def test_every_control_can_be_reached_and_shows_its_focus(site: LiveServer, tab: OpenPage) -> None:
    # However many conversations other tests have begun.
    site.execute("UPDATE chat_conversation SET archived_at = updated_at")
    page = await tab()
    page.provider.script(tokens=("Hi.",))
    await page.ask("Hello")
    await page.page.evaluate("document.activeElement.blur()")
    reached: set[str] = set()
    for _ in range(80):
        await page.page.keyboard.press("Tab")
        name, shown = await page.page.evaluate(
            """() => {
              const one = document.activeElement;
              const style = getComputedStyle(one);
              const box = getComputedStyle(one.closest(".composer__box") ?? one);
              const shown = style.outlineStyle !== "none" || one.matches("textarea") && box.borderColor !== "";
              return [one.dataset.testid ?? "", shown];
            }"""
        )
        reached.add(name)
        assert shown or not name
    assert {
        "new-conversation",
        "conversation-item",
        "theme-toggle",
        "composer",
        "copy",
        "regenerate",
        "edit",
    } <= reached


async def test_the_theme_goes_from_the_systems_to_light_to_dark_and_is_kept(page: ChatPage) -> None:
    toggle, root = page.one("theme-toggle"), page.page.locator("html")
    await toggle.click()
    await expect(root).to_have_attribute("data-theme", "light")
    await toggle.click()
    await expect(root).to_have_attribute("data-theme", "dark")
    await page.page.reload()
    await expect(root).to_have_attribute("data-theme", "dark")
