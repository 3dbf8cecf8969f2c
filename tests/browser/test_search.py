"""Searching from the sidebar."""

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage
from .long_conversation import make_conversation


async def test_typing_finds_and_enter_leads_to_the_message(page: ChatPage) -> None:
    page.provider.script(tokens=("A pangolin is a mammal with scales.",))
    await page.ask("Which animal has scales?")
    await page.one("new-conversation").click()
    await expect(page.answers).to_have_count(0)
    await page.page.keyboard.press("Control+k")
    await expect(page.one("search")).to_be_focused()
    await page.page.keyboard.type("pangol mamm")
    hit = page.one("search-result").nth(1)
    await expect(hit.locator("mark")).to_have_text(["pangolin", "mammal"])
    await expect(page.one("conversation-list")).to_be_hidden()
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("ArrowDown")
    await expect(hit).to_be_focused()
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator("chat-message[data-found]")).to_contain_text("pangolin")
    await page.one("search").press("Escape")
    await expect(page.one("conversation-list")).to_be_visible()
    await expect(page.one("search")).to_have_value("")


async def test_a_result_in_a_long_thread_opens_in_its_middle_and_the_rest_can_be_read(
    site: LiveServer, tab: OpenPage
) -> None:
    path = make_conversation(site, 200)
    page = await tab()
    await page.one("search").fill("message 57")
    result = page.page.locator(f"a.search__hit[href^='{path}']")
    await result.click()
    found = page.page.locator("chat-message[data-found]")
    await expect(found).to_contain_text("This is message 57")
    await expect(found).to_be_in_viewport()
    await expect(page.page.locator("chat-thread")).to_have_attribute("data-away", "true")
    thread = page.page.locator("message-list")
    before = await page.one("message").count()
    await thread.evaluate("(list) => list.scrollBy(0, 1e6)")
    await expect(page.one("message").nth(before + 10)).to_be_attached()
    await page.page.locator(".thread__latest").click()
    await expect(page.one("message").last).to_contain_text("This is message 199")
    await expect(page.page.locator("chat-thread")).to_have_attribute("data-away", "false")


async def test_a_prompt_written_in_the_middle_goes_to_the_end(site: LiveServer, page: ChatPage) -> None:
    path = make_conversation(site, 100)
    [(message,)] = site.query(
        "SELECT id FROM chat_message WHERE conversation_id = ? AND text LIKE '%message 20 %'",
        path[3:-1].replace("-", ""),
    )
    page.provider.script(tokens=("At the end.",))
    await page.page.goto(f"{page.wire.url}{path}?message={message}")
    await expect(page.page.locator("chat-message[data-found]")).to_be_in_viewport()
    await page.send("Go on")
    await expect(page.body(page.answer)).to_have_text("At the end.")
    await expect(page.one("message").nth(-3)).to_contain_text("This is message 99")
    await expect(page.body(page.prompts.last)).to_have_text("Go on")
