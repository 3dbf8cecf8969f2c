"""What has been begun to write is there again: after a reload, on another device, in its own conversation."""

from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage


async def type_and_save(page: ChatPage, text: str) -> None:
    async with page.page.expect_response(lambda response: "/draft/" in response.url and response.status == 204):
        await page.composer.fill(text)


async def test_a_draft_is_on_other_devices_too(page: ChatPage, tab: OpenPage) -> None:
    await type_and_save(page, "Begun here")
    other = await tab()
    await expect(other.composer).to_have_value("Begun here")
    await expect(other.one("send")).to_be_enabled()


async def test_each_conversation_has_its_own(page: ChatPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("Hello")
    path = urlsplit(page.page.url).path
    await type_and_save(page, "To be continued")
    await page.one("new-conversation").click()
    await expect(page.answers).to_have_count(0)
    await expect(page.composer).to_have_value("")
    await page.open(path)
    await expect(page.composer).to_have_value("To be continued")


async def test_what_was_sent_is_no_draft_any_more(page: ChatPage, tab: OpenPage, site: LiveServer) -> None:
    page.provider.script(tokens=("Hi.",))
    await type_and_save(page, "Hello")
    async with page.page.expect_response("**/conversations/new/draft/"):
        await page.composer.press("Enter")
    await page.ended()
    assert site.query("SELECT text FROM chat_draft") == []
    other = await tab()
    await expect(other.composer).to_have_value("")


async def test_what_could_not_be_saved_is_saved_when_there_is_a_connection_again(page: ChatPage, tab: OpenPage) -> None:
    page.wire.unplug()
    await page.composer.fill("Written on a train")
    await expect(page.status).not_to_have_attribute("data-state", "connected")
    async with page.page.expect_response(lambda response: "/draft/" in response.url and response.status == 204):
        page.wire.plug_in()
    other = await tab()
    await expect(other.composer).to_have_value("Written on a train")


async def test_newer_text_is_never_overwritten(page: ChatPage, tab: OpenPage) -> None:
    other = await tab()
    await type_and_save(page, "From the first device")
    await other.composer.fill("Newer, on the second")
    await other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(other.composer).to_have_value("Newer, on the second")


async def test_a_device_that_was_left_alone_catches_up(page: ChatPage, tab: OpenPage) -> None:
    other = await tab()
    await type_and_save(page, "From the first device")
    await other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(other.composer).to_have_value("From the first device")
    await type_and_save(page, "")
    await other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(other.composer).to_have_value("")


async def test_what_is_written_while_a_new_conversation_begins_belongs_to_it(page: ChatPage, site: LiveServer) -> None:
    page.provider.script(tokens=("Hi.",), first_token_delay_s=1)
    await page.send("Hello")
    await page.composer.fill("And then")
    await page.ended()
    path = urlsplit(page.page.url).path
    await page.open(path)
    await expect(page.composer).to_have_value("And then")
    await page.open("/")
    await expect(page.composer).to_have_value("")


async def test_good_and_bad_are_pressed_and_stay_so(page: ChatPage) -> None:
    page.provider.script(tokens=("Hi.",))
    await page.ask("Is this good?")
    for pressed, other in (("good", "bad"), ("bad", "good")):
        async with page.page.expect_response("**/feedback/"):
            await page.answer.get_by_test_id(pressed).click()
        await page.page.reload()
        await expect(page.answer.get_by_test_id(pressed)).to_have_attribute("aria-pressed", "true")
        await expect(page.answer.get_by_test_id(other)).to_have_attribute("aria-pressed", "false")
