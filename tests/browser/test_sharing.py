"""A conversation that colleagues read along."""

from urllib.parse import urlsplit

from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenAccountPage, OpenPage


async def test_a_colleague_reads_along_until_it_is_withdrawn(
    page: ChatPage, tab: OpenPage, account_page: OpenAccountPage
) -> None:
    page.provider.script(tokens=("First.",))
    await page.ask("Hello")
    path = urlsplit(page.page.url).path
    sharing = await account_page(f"{path}share/")
    assert await sharing.everywhere() == []
    await sharing.labelled("Everybody who is signed in and has the link").check()
    await sharing.press("Save")
    await expect(sharing.page.get_by_text("Saved.")).to_be_visible()
    guest = await tab(path, who="bob")
    await expect(guest.composer).to_have_count(0)
    await expect(guest.body(guest.answer)).to_have_text("First.")
    await expect(guest.answer.get_by_test_id("regenerate")).to_be_hidden()
    page.provider.script(tokens=("Second", " answer."), rate=2)
    await page.send("More")
    await expect(guest.body(guest.answer)).to_contain_text("Second")
    await guest.ended()
    await page.ended()
    await guest.one("fork").click()
    await expect(guest.composer).to_be_visible()
    await expect(guest.body(guest.answer)).to_have_text("Second answer.")
    await guest.open(path)
    await sharing.labelled("Only me").check()
    await sharing.press("Save")
    await expect(guest.page.get_by_text("not shared with you any more")).to_be_visible()
