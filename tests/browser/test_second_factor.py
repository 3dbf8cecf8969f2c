"""Passkeys and codes in a browser, with an authenticator that the browser itself plays."""

import pytest
from playwright.async_api import Page, expect

from tests.live.server import LiveServer

from .account_page import AccountPage
from .violations import WatchedBrowser

PASSWORD = "correct horse battery"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def address(site: LiveServer) -> str:
    """By name: there are no passkeys for a bare network address."""
    return site.url.replace("127.0.0.1", "localhost")


async def sign_in(page: Page, who: str) -> None:
    await page.locator("[name=login]").fill(f"{who}@example.org")
    await page.locator("[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_a_passkey_is_added_and_signs_in_without_a_password(browser: WatchedBrowser, site: LiveServer) -> None:
    context = await browser.new_context()
    page = AccountPage(await context.new_page(), address(site))
    devices = await context.new_cdp_session(page.page)
    await devices.send("WebAuthn.enable")
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    await page.open("/accounts/login/?next=/accounts/2fa/webauthn/add/")
    await sign_in(page.page, "grace")
    assert await page.everywhere() == []
    await page.press("Add")
    await expect(page.page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    assert await page.everywhere() == []
    await page.open("/accounts/2fa/webauthn/")
    assert await page.everywhere() == []
    await page.press("Sign out")
    await page.open("/accounts/login/")
    await page.press("Use a passkey")
    await expect(page.page.get_by_test_id("composer")).to_be_visible()
    await page.open("/accounts/2fa/webauthn/")
    await page.page.get_by_role("link", name="Remove").click()
    await page.press("Remove")
    await expect(page.page.get_by_text("No security keys have been added.")).to_be_visible()
    assert page.complaints == []
    await context.close()


async def test_where_passkeys_cannot_be_it_is_said(browser: WatchedBrowser, site: LiveServer) -> None:
    context = await browser.new_context()
    page = AccountPage(await context.new_page(), site.url)
    await page.open("/accounts/login/")
    await page.press("Use a passkey")
    await expect(page.page.get_by_text("cannot use passkeys at this address")).to_be_visible()
    assert page.complaints == []
    await context.close()


@pytest.mark.parametrize(
    "path",
    ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/invitation/x/"],
)
async def test_nothing_stands_in_a_strangers_way(browser: WatchedBrowser, site: LiveServer, path: str) -> None:
    context = await browser.new_context()
    page = await AccountPage(await context.new_page(), site.url).open(path)
    assert await page.everywhere() == []
    await context.close()
