"""What can be done by keyboard from anywhere on the page."""

from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenPage

CURRENT = "[data-testid=conversation-item][aria-current=page]"


async def two_conversations(page: ChatPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("The first of two")
    await page.one("new-conversation").click()
    await expect(page.answers).to_have_count(0)
    await page.ask("The second of two")
    await expect(page.page.locator(CURRENT)).to_contain_text("The second of two")


async def test_a_question_mark_lists_them_and_escape_leaves(page: ChatPage) -> None:
    dialog = page.one("shortcuts")
    await page.composer.press("?")
    await expect(page.composer).to_have_value("?")
    await expect(dialog).to_be_hidden()
    await page.composer.blur()
    await page.page.keyboard.press("?")
    await expect(dialog).to_be_visible()
    await expect(dialog.locator("dt")).to_have_count(8)
    await page.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.composer.press("Control+/")
    await expect(dialog).to_be_visible()
    await page.one("shortcuts-close").click()
    await expect(dialog).to_be_hidden()
    await expect(page.composer).to_have_value("?")


async def test_escape_in_the_dialog_stops_no_answer(page: ChatPage) -> None:
    page.provider.script(tokens=("One", " two"), ending="silence", after=1)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_have_text("One")
    await page.page.keyboard.press("Control+/")
    await page.page.keyboard.press("Escape")
    await expect(page.one("shortcuts")).to_be_hidden()
    await expect(page.answer).to_have_attribute("data-status", "running")
    await page.page.keyboard.press("Escape")
    await page.ended("cancelled")


async def test_conversations_are_gone_through_and_a_new_one_is_begun(page: ChatPage) -> None:
    await two_conversations(page)
    await page.page.keyboard.press("Alt+ArrowDown")
    await expect(page.page.locator(CURRENT)).to_contain_text("The first of two")
    await expect(page.body(page.prompts.first)).to_have_text("The first of two")
    await page.page.keyboard.press("Alt+ArrowUp")
    await expect(page.body(page.prompts.first)).to_have_text("The second of two")
    await page.page.keyboard.press("Control+Shift+O")
    await expect(page.prompts).to_have_count(0)
    await expect(page.composer).to_be_focused()


async def test_nothing_is_left_in_the_middle_of_a_sentence(page: ChatPage) -> None:
    await two_conversations(page)
    await page.composer.fill("half a sentence")
    await page.composer.press("Alt+ArrowDown")
    await page.composer.press("/")
    await expect(page.composer).to_have_value("half a sentence/")
    await expect(page.body(page.prompts.first)).to_have_text("The second of two")


async def test_the_last_answer_is_copied_and_a_slash_goes_to_the_composer(tab: OpenPage) -> None:
    page = await tab(permissions=["clipboard-read", "clipboard-write"])
    page.provider.script(tokens=("Some *words*.",))
    await page.ask("Hello")
    await page.composer.blur()
    await page.page.keyboard.press("Control+Shift+C")
    await page.page.wait_for_function("async () => await navigator.clipboard.readText() === 'Some *words*.'")
    await page.page.keyboard.press("/")
    await expect(page.composer).to_be_focused()
    await expect(page.composer).to_have_value("")


async def test_the_list_opens_by_mouse_and_its_plain_keys_can_be_switched_off(page: ChatPage) -> None:
    dialog = page.one("shortcuts")
    await page.one("open-shortcuts").click()
    await expect(dialog).to_be_visible()
    await page.one("plain-keys").uncheck()
    await page.one("shortcuts-close").click()
    await page.page.reload()
    await expect(page.status).to_have_attribute("data-state", "connected")
    await page.composer.blur()
    await page.page.keyboard.press("?")
    await page.page.keyboard.press("/")
    await expect(page.composer).not_to_be_focused()
    await page.page.keyboard.press("Control+/")
    await expect(dialog).to_be_visible()
    await expect(page.one("plain-keys")).not_to_be_checked()
