"""From the sign-in page to the chat."""

import sqlite3

from playwright.async_api import Browser, Page, expect

from tests.live.server import LiveServer

from .wire import Wire


async def sign_in(page: Page) -> None:
    await page.locator("[name=login]").fill("bob@example.org")
    await page.locator("[name=password]").fill("correct horse battery")
    await page.get_by_role("button", name="Sign in").click()


async def test_signing_in_leads_to_the_chat(browser: Browser, wire: Wire) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(wire.url)
    await sign_in(page)
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await context.close()


async def test_a_sign_out_elsewhere_says_so_and_leads_back(browser: Browser, wire: Wire) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(wire.url)
    await sign_in(page)
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await page.get_by_test_id("composer").fill("A draft that must not be lost")
    await context.clear_cookies()
    wire.cut()
    await expect(page.get_by_test_id("connection-status")).to_contain_text("You have been signed out.", timeout=15_000)
    await page.get_by_role("link", name="Sign in again").click()
    await sign_in(page)
    await expect(page.get_by_test_id("composer")).to_have_value("A draft that must not be lost")
    await context.close()


async def test_the_browsers_time_zone_becomes_the_persons_when_none_is_known(
    browser: Browser, wire: Wire, site: LiveServer
) -> None:
    with sqlite3.connect(site.data_dir / "parley.sqlite3", timeout=20) as database:
        database.execute("UPDATE accounts_user SET time_zone = '' WHERE email = 'bob@example.org'")
    context = await browser.new_context(timezone_id="Europe/Berlin")
    page = await context.new_page()
    await page.goto(wire.url)
    async with page.expect_response("**/settings/time-zone/") as response:
        await sign_in(page)
    assert (await response.value).status == 204
    assert site.query("SELECT time_zone FROM accounts_user WHERE email = 'bob@example.org'") == [("Europe/Berlin",)]
    await context.close()
