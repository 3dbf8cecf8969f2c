"""From the sign-in page to the chat."""

import sqlite3
import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.async_api import Page, expect

from tests.live.server import LiveServer
from tests.provider_server.server import ProviderServer

from .violations import WatchedBrowser
from .wire import Wire


async def sign_in(page: Page) -> None:
    await page.locator("[name=login]").fill("bob@example.org")
    await page.locator("[name=password]").fill("correct horse battery")
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_signing_in_leads_to_the_chat(browser: WatchedBrowser, wire: Wire) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(wire.url)
    await sign_in(page)
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await context.close()


async def test_a_sign_out_elsewhere_is_followed_by_a_sign_in_in_place(
    browser: WatchedBrowser, wire: Wire, provider: ProviderServer
) -> None:
    provider.script(tokens=("Hello",))
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(wire.url)
    await sign_in(page)
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await page.get_by_test_id("composer").fill("A draft that must not be lost")
    await context.clear_cookies()
    wire.cut()
    await expect(page.get_by_test_id("connection-status")).to_contain_text("You have been signed out.", timeout=15_000)
    dialog = page.get_by_test_id("sign-in-dialog")
    await page.evaluate("window.samePage = true")
    await dialog.locator("[name=login]").fill("bob@example.org")
    await dialog.locator("[name=password]").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("not correct")).to_be_visible()
    await dialog.locator("[name=password]").fill("correct horse battery")
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await expect(page.get_by_test_id("composer")).to_have_value("A draft that must not be lost")
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.locator("[data-testid=message][data-role=assistant]")).to_have_attribute(
        "data-status", "completed", timeout=15_000
    )
    assert await page.evaluate("window.samePage") is True
    await context.close()


@pytest.fixture
def _second_factors_end(site: LiveServer) -> Iterator[None]:
    """Whatever becomes of the test: the next one signs in with a password alone."""
    yield
    site.execute("DELETE FROM mfa_authenticator")


@pytest.mark.usefixtures("_second_factors_end")
async def test_a_sign_in_with_a_second_factor_happens_in_place_too(
    browser: WatchedBrowser, wire: Wire, site: LiveServer, provider: ProviderServer
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{wire.url}/accounts/login/?next=/accounts/2fa/totp/activate/")
    await sign_in(page)
    secret = await page.locator("#authenticator_secret").input_value()
    await page.locator("[name=code]").fill(shown_by_an_app(secret))
    await page.get_by_role("button", name="Activate").click()
    await expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    await page.goto(wire.url)
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await page.get_by_test_id("composer").fill("Still here")
    await context.clear_cookies()
    wire.cut()
    dialog = page.get_by_test_id("sign-in-dialog")
    await dialog.locator("[name=login]").fill("bob@example.org")
    await dialog.locator("[name=password]").fill("correct horse battery")
    await page.keyboard.press("Enter")
    await dialog.locator("[name=code]").fill(shown_by_an_app(secret, ahead=1))
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_test_id("composer")).to_have_value("Still here")
    await expect(page.get_by_test_id("connection-status")).to_have_attribute("data-state", "connected")
    await context.close()


def shown_by_an_app(secret: str, ahead: int = 0) -> str:
    """``ahead``: the next code, because each is good for once; clocks may differ by so much."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead)))


async def test_the_browsers_time_zone_becomes_the_persons_when_none_is_known(
    browser: WatchedBrowser, wire: Wire, site: LiveServer
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
