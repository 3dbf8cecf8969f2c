"""The sidebar's conversations: pinned, renamed, archived, deleted and restored, in every tab."""

from urllib.parse import urlsplit

from playwright.async_api import Locator, expect

from .chat_page import ChatPage
from .conftest import OpenPage

# As another device would.
CANCEL = """async (id) => {
  const headers = { "Content-Type": "application/json" };
  return (await fetch(`/api/generations/${id}/cancel`, { method: "POST", headers, body: "{}" })).status;
}"""


async def begun(page: ChatPage, prompt: str) -> Locator:
    """A new conversation; its item in the sidebar."""
    page.provider.script(tokens=("Hi.",))
    await page.ask(prompt)
    return item(page, prompt)


def item(page: ChatPage, title: str) -> Locator:
    return page.one("conversation-item").filter(has_text=title)


async def choose(page: ChatPage, title: str, what: str) -> None:
    row = page.page.locator(".sidebar__row").filter(has_text=title)
    await row.hover()
    await row.get_by_test_id("conversation-options").click()
    await page.one(what).click()


async def test_renaming_shows_in_every_tab_and_above_the_thread(page: ChatPage, tab: OpenPage) -> None:
    await begun(page, "Old name of it")
    second = await tab()
    await choose(page, "Old name of it", "rename")
    await expect(page.one("rename-title")).to_have_value("Old name of it")
    await page.one("rename-title").fill("New <i>name</i> of it")
    await page.one("rename-title").press("Enter")
    await expect(item(second, "New <i>name</i> of it")).to_be_visible()
    await expect(page.page.locator(".thread__title")).to_have_text("New <i>name</i> of it")
    await expect(item(page, "Old name of it")).to_have_count(0)


async def test_pinning_puts_it_on_top_in_every_tab(page: ChatPage, tab: OpenPage) -> None:
    await begun(page, "Pin this one")
    await page.one("new-conversation").click()
    await expect(page.answers).to_have_count(0)
    await begun(page, "Newer than the pinned")
    second = await tab()
    await choose(page, "Pin this one", "pin")
    for one in (page, second):
        await expect(one.one("conversation-item").first).to_have_text("Pin this one")
        await expect(one.page.locator(".sidebar__day").first).to_have_text("Pinned")
    await choose(page, "Pin this one", "unpin")
    await expect(second.one("conversation-item").first).not_to_have_text("Pin this one")


async def test_an_archived_one_leaves_the_list_and_comes_back(page: ChatPage) -> None:
    await begun(page, "For the archive")
    await choose(page, "For the archive", "archive")
    await expect(item(page, "For the archive")).to_have_count(0)
    await page.one("open-archive").click()
    await expect(item(page, "For the archive")).to_be_visible()
    await choose(page, "For the archive", "unarchive")
    await expect(item(page, "For the archive")).to_have_count(0)
    await page.one("leave-archive").click()
    await expect(item(page, "For the archive")).to_be_visible()


async def test_a_deleted_one_is_left_by_every_tab_and_undo_brings_it_back(page: ChatPage, tab: OpenPage) -> None:
    await begun(page, "To be deleted")
    second = await tab(urlsplit(page.page.url).path)
    await expect(second.answers).to_have_count(1)
    await choose(page, "To be deleted", "delete")
    for one in (page, second):
        await expect(item(one, "To be deleted")).to_have_count(0)
        await expect(one.answers).to_have_count(0)
        assert urlsplit(one.page.url).path == "/"
    await expect(page.one("toast")).to_contain_text("To be deleted")
    await page.one("undo").click()
    for one in (page, second):
        await expect(item(one, "To be deleted")).to_be_visible()


async def test_deleting_stops_the_answer_at_the_provider(page: ChatPage) -> None:
    page.provider.script(tokens=("One",), ending="silence")
    await page.send("Deleted while it is answered")
    await expect(page.body(page.answer)).to_have_text("One")
    await choose(page, "Deleted while it is answered", "delete")
    await page.provider.requests[-1].aleft()


async def test_an_answer_that_ends_unseen_has_a_dot_on_every_device_until_it_is_read(
    page: ChatPage, tab: OpenPage
) -> None:
    second = await tab()
    page.provider.script(tokens=("One",), ending="silence")
    await page.send("Answered elsewhere")
    await expect(page.body(page.answer)).to_have_text("One")
    request_id = await page.answer.get_attribute("data-request-id")
    await page.one("new-conversation").click()
    await expect(page.answers).to_have_count(0)
    for one in (page, second):
        await expect(item(one, "Answered elsewhere").locator(".sidebar__dot")).to_be_visible()
    status = await page.page.evaluate(CANCEL, request_id)
    assert status == 204
    for one in (page, second):
        await expect(item(one, "Answered elsewhere").locator(".sidebar__unseen")).to_be_visible()
    await item(page, "Answered elsewhere").click()
    await expect(item(second, "Answered elsewhere").locator(".sidebar__unseen")).to_have_count(0)


async def test_an_answer_that_was_watched_has_none(page: ChatPage, tab: OpenPage) -> None:
    await begun(page, "Watched to its end")
    second = await tab()
    await expect(item(second, "Watched to its end")).to_be_visible()
    await expect(item(second, "Watched to its end").locator(".sidebar__unseen")).to_have_count(0)


async def test_the_menu_works_by_keyboard(page: ChatPage) -> None:
    await begun(page, "By keyboard alone")
    row = page.page.locator(".sidebar__row").filter(has_text="By keyboard alone")
    await row.get_by_test_id("conversation-options").focus()
    await page.page.keyboard.press("Enter")
    await expect(page.one("pin")).to_be_focused()
    await page.page.keyboard.press("ArrowDown")
    await expect(page.one("rename")).to_be_focused()
    await page.page.keyboard.press("Escape")
    await expect(page.one("rename")).to_be_hidden()
    await expect(row.get_by_test_id("conversation-options")).to_be_focused()


async def test_on_a_phone_the_menu_opens_over_the_drawer(tab: OpenPage) -> None:
    page = await tab(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await begun(page, "On the phone")
    await page.page.locator(".thread__menu").click()
    row = page.page.locator(".sidebar__row").filter(has_text="On the phone")
    await row.get_by_test_id("conversation-options").click()
    await expect(page.one("archive")).to_be_in_viewport()
    await page.one("archive").click()
    await expect(item(page, "On the phone")).to_have_count(0)
    await page.one("undo").click()
    await expect(item(page, "On the phone")).to_have_count(1)
