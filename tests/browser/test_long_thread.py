"""A conversation of thousands of messages, and a reader who has scrolled up in it."""

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage
from .long_conversation import make_conversation


async def test_it_opens_at_its_end_with_a_window_and_older_ones_come_without_a_jump(
    site: LiveServer, tab: OpenPage
) -> None:
    page = await tab(make_conversation(site, 2000))
    messages = page.one("message")
    await expect(messages).to_have_count(30)
    await page.at_end()
    await expect(messages.last).to_contain_text("This is message 1999")
    await page.thread.evaluate(
        """(list) => {
          list.scrollTop = 300;
          [window.marker] = list.messages;
          window.before = window.marker.getBoundingClientRect().top;
        }"""
    )
    await expect(messages).to_have_count(60)
    moved = await page.page.evaluate("Math.abs(window.marker.getBoundingClientRect().top - window.before)")
    assert moved < 2
    await expect(messages.first).to_contain_text("This is message 1940")


async def test_a_reader_who_scrolled_up_is_not_pulled_and_can_jump_to_the_latest(page: ChatPage) -> None:
    page.provider.script(tokens=tuple(f"Line {n}.\n\n" for n in range(150)), rate=60)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_contain_text("Line 40.")
    await page.at_end()
    before = await page.scroll_up(600)
    await page.ended()
    assert await page.thread.evaluate("(list) => list.scrollTop") == before
    await page.page.locator(".thread__latest").click()
    await page.at_end()
    await expect(page.page.locator("chat-thread")).to_have_attribute("data-away", "false")
