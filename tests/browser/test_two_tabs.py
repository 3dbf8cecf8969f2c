"""The same conversation in several places."""

from urllib.parse import urlsplit

from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenPage


async def test_a_second_tab_streams_the_same_answer_from_wherever_it_comes_in(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=tuple(f" word{n}" for n in range(5000)), rate=20)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_contain_text("word5")
    second = await tab(urlsplit(page.page.url).path, same=page)
    await expect(second.answer).to_have_attribute("data-status", "running")
    await expect(second.body(second.answer)).to_contain_text("word5")
    newest = str(await second.body(second.answer).text_content()).split()[-1]
    await expect(second.body(second.answer)).to_contain_text(f"word{int(newest.removeprefix('word')) + 5}")
    await page.one("stop").click()
    await page.ended("cancelled")
    await second.ended("cancelled")
    assert await second.html() == await page.html()


async def test_a_prompt_of_one_tab_shows_in_the_other(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=("First.",))
    await page.ask("Hello")
    second = await tab(urlsplit(page.page.url).path)
    page.provider.script(tokens=("Second.",))
    await page.send("More")
    await expect(second.prompts).to_have_count(2)
    await expect(second.body(second.answer)).to_have_text("Second.")
    await second.ended()
    await page.ended()
    assert await second.html() == await page.html()


async def test_regenerating_in_one_tab_shows_in_the_other(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=("First.",))
    await page.ask("Hello")
    second = await tab(urlsplit(page.page.url).path)
    page.provider.script(tokens=("Again.",))
    await page.one("regenerate").click()
    await expect(second.body(second.answer)).to_have_text("Again.")
    await expect(second.answers).to_have_count(1)


async def test_stop_in_one_tab_stops_the_other(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=("One",), ending="silence")
    await page.send("Hello")
    await expect(page.body(page.answer)).to_have_text("One")
    second = await tab(urlsplit(page.page.url).path)
    await second.one("stop").click()
    await page.ended("cancelled")
    await expect(page.answer).to_contain_text("Stopped by you")


async def test_a_new_conversation_comes_into_the_sidebar_of_every_tab(page: ChatPage, tab: OpenPage) -> None:
    second = await tab()
    page.provider.script(tokens=("Hi.",))
    await page.ask("A title nobody else has")
    newest = second.one("conversation-item").first
    await expect(newest).to_have_text("A title nobody else has")
    await newest.click()
    await expect(second.body(second.answer)).to_have_text("Hi.")
    await expect(newest).to_have_attribute("aria-current", "page")
    await second.one("new-conversation").click()
    await expect(second.answers).to_have_count(0)
    await second.page.go_back()
    await expect(second.body(second.answer)).to_have_text("Hi.")


async def test_what_comes_meanwhile_moves_nothing_for_a_reader_who_scrolled_up(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=tuple(f"Line {n}.\n\n" for n in range(60)))
    await page.ask("Hello")
    other = await tab(page.page.url.removeprefix(page.wire.url), same=page)
    before = await page.scroll_up(700)
    other.provider.script(tokens=("Newest.",))
    await other.ask("And now?", 2)
    assert await page.thread.evaluate("(list) => list.scrollTop") == before
    await page.page.locator(".thread__latest").click()
    await expect(page.body(page.answer)).to_have_text("Newest.")
    await expect(page.page.locator("chat-thread")).to_have_attribute("data-away", "false")
