"""A line that breaks, a line that is gone for a while."""

from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenPage
from .wire import Wire

# Reading waits for what is being written.
KEPT = """() => new Promise((done) => {
  indexedDB.open("parley").onsuccess = ({ target: { result } }) => {
    const all = result.transaction("outbox").objectStore("outbox").getAll();
    all.onsuccess = () => done(all.result.map(({ frame }) => frame.prompt));
  };
})"""


async def test_an_answer_through_a_line_cut_many_times_is_the_providers_to_the_letter(
    page: ChatPage, wire: Wire
) -> None:
    words = tuple(f" word{n}" for n in range(300))
    page.provider.script(tokens=words, rate=100)
    await page.send("Hello")
    for n in range(20, 240, 20):
        await expect(page.body(page.answer)).to_contain_text(f"word{n} ", timeout=15_000)
        wire.cut()
    await page.ended()
    assert await page.body(page.answer).inner_text() == "".join(words).strip()
    before = await page.html()
    await page.page.reload()
    await expect(page.answer).to_have_attribute("data-status", "completed")
    assert await page.html() == before


async def test_the_line_says_that_it_reconnects_and_what_is_written_meanwhile_goes_out_once(
    page: ChatPage, wire: Wire
) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    wire.unplug()
    await expect(page.status).to_have_attribute("data-state", "reconnecting")
    await page.send("Second")
    await page.send("Third")
    await expect(page.one("outbox-item").filter(visible=True)).to_have_count(2)
    asked = len(page.provider.requests)
    wire.plug_in()
    await expect(page.answers).to_have_count(3, timeout=20_000)
    await page.ended()
    assert len(page.provider.requests) == asked + 2
    assert [await page.body(one).text_content() for one in await page.prompts.all()] == ["First", "Second", "Third"]
    await expect(page.one("outbox-item").filter(visible=True)).to_have_count(0)


async def test_what_waits_survives_the_tab_and_can_be_withdrawn(page: ChatPage, wire: Wire, tab: OpenPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    url = page.page.url.removeprefix(wire.url)
    wire.unplug()
    await expect(page.status).to_have_attribute("data-state", "reconnecting")
    await page.send("Kept")
    await page.send("Withdrawn")
    await page.one("withdraw").last.click()
    await expect(page.prompts).to_have_count(2)
    await expect(page.composer).to_have_value("Withdrawn")
    assert await page.page.evaluate(KEPT) == ["Kept"]
    await page.page.close()
    asked = len(page.provider.requests)
    wire.plug_in()
    again = await tab(url, same=page)
    await expect(again.answers).to_have_count(2)
    await again.ended()
    assert len(page.provider.requests) == asked + 1
    assert await again.body(again.prompts.last).text_content() == "Kept"


async def test_all_that_waits_in_a_conversation_is_withdrawn_at_once(page: ChatPage, wire: Wire) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    asked = len(page.provider.requests)
    wire.unplug()
    await expect(page.status).to_have_attribute("data-state", "reconnecting")
    await page.send("Second")
    await expect(page.one("withdraw").filter(visible=True)).to_have_count(1)
    await expect(page.one("withdraw-all").filter(visible=True)).to_have_count(0)
    await page.send("Third")
    await page.one("withdraw-all").filter(visible=True).click()
    await expect(page.prompts).to_have_count(1)
    wire.plug_in()
    await expect(page.status).to_have_attribute("data-state", "connected")
    await page.ask("Fourth", 2)
    assert len(page.provider.requests) == asked + 1


async def test_an_answer_that_ended_while_the_line_was_gone_is_shown(page: ChatPage, wire: Wire) -> None:
    page.provider.script(tokens=("Slow",) * 20, rate=20)
    await page.send("First")
    await expect(page.body(page.answer)).to_contain_text("Slow")
    wire.unplug()
    await page.provider.requests[-1].asent(20)
    wire.plug_in()
    await page.ended()
    await expect(page.body(page.answer)).to_have_text("Slow" * 20)


async def test_a_prompt_that_is_refused_for_now_says_why_and_when_it_goes_out_again(page: ChatPage, wire: Wire) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("First")
    wire.unplug()
    await expect(page.status).to_have_attribute("data-state", "reconnecting")
    await page.send("Second")
    await page.page.evaluate(
        """async () => {
          const { connection } = await import("#lib/here");
          const [{ id }] = connection.outbox.entries;
          const words = { code: "rate_limited", message: "Too many messages.", retry_after_s: 1 };
          connection.outbox.refuse(id, words);
        }"""
    )
    await expect(page.one("outbox-item").filter(visible=True)).to_contain_text("Too many messages. It is sent again at")
    wire.plug_in()
    await expect(page.answers).to_have_count(2, timeout=20_000)
    await page.ended()
