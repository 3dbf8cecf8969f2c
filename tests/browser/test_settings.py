"""The settings pages in a browser."""

import pytest
from playwright.async_api import expect

from .conftest import OpenAccountPage

PAGES = ["", "appearance/", "answers/", "usage/", "data/", "delete/", "security/", "sessions/"]
PAGES += ["keys/", "prompts/", "budget/", "readings/"]


@pytest.mark.parametrize("path", [*(f"/settings/{name}" for name in PAGES), "/api/docs/"])
async def test_nothing_stands_in_anybodys_way(account_page: OpenAccountPage, path: str) -> None:
    page = await account_page(path)
    assert await page.everywhere() == []


async def test_the_browsers_zone_is_offered_and_taken(account_page: OpenAccountPage) -> None:
    page = await account_page("/settings/", who="bob", timezone_id="Asia/Tokyo")
    await page.press("Use this device’s time zone: Asia/Tokyo")
    await expect(page.labelled("Time zone")).to_have_value("Asia/Tokyo")
    await page.press("Save")
    await expect(page.page.get_by_text("Saved.")).to_be_visible()
    await expect(page.page.get_by_text("Use this device")).to_be_hidden()


async def test_a_theme_shows_when_it_is_picked_and_on_another_device(account_page: OpenAccountPage) -> None:
    page = await account_page("/settings/appearance/", who="bob")
    root = page.page.locator("html")
    await page.labelled("Dark").check()
    await expect(root).to_have_attribute("data-theme", "dark")
    await page.press("Save")
    await expect(page.page.get_by_text("Saved.")).to_be_visible()
    phone = await account_page("/settings/", who="bob", color_scheme="light")
    await expect(phone.page.locator("html")).to_have_attribute("data-theme", "dark")
    await phone.page.context.clear_cookies()
    await phone.open("/accounts/login/")
    await expect(phone.page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.labelled("As the system has it").check()
    await page.press("Save")
    await expect(page.page.get_by_text("Saved.")).to_be_visible()
    await expect(root).not_to_have_attribute("data-theme", "dark")
