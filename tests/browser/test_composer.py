"""What stands around the field in which a person writes: the budget, the models, and what a new page says."""

import re

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage


async def test_the_budget_says_what_is_left_and_when_it_begins_anew_on_the_persons_own_clock(
    site: LiveServer, tab: OpenPage
) -> None:
    """Grace's clock is UTC, her browser's is not; where there is no pointer to hover with, a press tells the same."""
    site.execute("UPDATE accounts_user SET time_zone = 'UTC' WHERE email = 'grace@example.org'")
    page = await tab(who="grace", timezone_id="Asia/Tokyo", locale="en-GB", has_touch=True)
    await expect(page.one("budget")).to_contain_text("left today")
    await expect(page.one("budget")).to_contain_text(re.compile(r"until 12:00.AM|until 00:00"))
    details = page.one("budget-details")
    await expect(details).to_be_hidden()
    await page.one("budget").get_by_role("button").tap()
    await expect(details).to_have_text(
        re.compile(r"of 50,000,000 tokens left\. A new day begins at (12:00.AM|00:00)\.")
    )
    await expect(details).to_be_in_viewport(ratio=1)
    await page.page.keyboard.press("Escape")
    await expect(details).to_be_hidden()


async def test_a_new_page_says_what_this_is_and_who_answers(page: ChatPage) -> None:
    empty = page.page.locator(".empty")
    await expect(empty).to_contain_text("This is Parley, your team’s assistant")
    await expect(empty.locator(".empty__models span").first).to_have_text("scripted")
    await empty.get_by_role("button", name="Compare").click()
    await expect(page.composer).to_have_value("Compare PostgreSQL and SQLite in a table.")


async def test_a_new_page_is_read_from_its_beginning_where_there_is_little_room(tab: OpenPage) -> None:
    page = await tab(viewport={"width": 720, "height": 450})
    await expect(page.page.locator(".empty__title")).to_be_in_viewport(ratio=1)
