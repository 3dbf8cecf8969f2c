"""Behind a proxy that lets no WebSocket through: the same page over event streams."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenPage
from .wire import Wire

COMPATIBLE = "data-compatible"


@pytest.fixture
def proxy(wire: Wire) -> Iterator[Wire]:
    wire.block_sockets()
    yield wire
    wire.plug_in()


async def test_an_answer_streams_and_stops_and_goes_on_without_a_socket(tab: OpenPage, proxy: Wire) -> None:
    page = await tab()
    await expect(page.status).to_have_attribute(COMPATIBLE, "")
    await expect(page.status).to_have_attribute("data-state", "connected")
    page.provider.script(tokens=("One", " two", " three"), ending="silence", after=2)
    await page.send("Count")
    await expect(page.body(page.answer)).to_have_text("One two")
    await page.one("stop").click()
    await page.ended("cancelled")
    page.provider.script(tokens=("One", " two", " three"))
    await page.one("continue").click()
    await expect(page.body(page.answer)).to_have_text("One two three")
    await page.ended()
    page.provider.script(tokens=("Again",))
    await page.one("regenerate").click()
    await expect(page.body(page.answer)).to_have_text("Again")
    await page.ended()
    await expect(page.answer).to_contain_text("2/2")
    await expect(page.one("conversation-item").first).to_have_attribute("aria-current", "page")
    before = await page.html()
    await page.page.reload()
    await expect(page.status).to_have_attribute("data-state", "connected")
    await expect(page.body(page.answer)).to_have_text("Again")
    assert await page.html() == before


async def test_a_reload_in_the_middle_and_a_cut_stream_lose_nothing(tab: OpenPage, proxy: Wire) -> None:
    page = await tab()
    words = tuple(f" word{n}" for n in range(120))
    page.provider.script(tokens=words, rate=40)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_contain_text("word10 ")
    await page.page.reload()
    for n in range(30, 100, 20):
        await expect(page.body(page.answer)).to_contain_text(f"word{n} ", timeout=15_000)
        proxy.cut()
    await page.ended()
    assert await page.body(page.answer).inner_text() == "".join(words).strip()


async def test_a_refused_prompt_says_why(tab: OpenPage, proxy: Wire) -> None:
    page = await tab()
    await page.send("x" * 300_000)
    await expect(page.one("outbox-item")).to_contain_text("longer than")


async def test_it_goes_back_to_the_socket_in_the_middle_of_an_answer(tab: OpenPage, proxy: Wire) -> None:
    page = await tab()
    page.provider.script(tokens=tuple(f" word{n}" for n in range(5000)), rate=40)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_contain_text("word10 ")
    proxy.plug_in()
    await page.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.status).not_to_have_attribute(COMPATIBLE, "")
    await expect(page.status).to_have_attribute("data-state", "connected")
    await expect(page.body(page.answer)).to_contain_text("word60 ")
    text = await page.body(page.answer).inner_text()
    assert " ".join(f"word{n}" for n in range(60)) in text
    await page.one("stop").click()
    await page.ended("cancelled")


async def test_a_socket_that_is_blocked_later_is_replaced(page: ChatPage, wire: Wire) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    wire.block_sockets()
    await expect(page.status).to_have_attribute(COMPATIBLE, "", timeout=15_000)
    await page.ask("Second", 2)
    await expect(page.body(page.answer)).to_have_text("Hi.")


async def test_what_another_tab_writes_comes_without_a_socket(tab: OpenPage, proxy: Wire) -> None:
    page = await tab()
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    other = await tab(page.page.url.removeprefix(page.wire.url), same=page)
    await other.ask("Second", 2)
    await expect(page.answers).to_have_count(2, timeout=30_000)
    await expect(page.prompts.last).to_contain_text("Second")
