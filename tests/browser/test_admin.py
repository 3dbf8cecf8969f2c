"""The admin site in a browser: Django's own scripts run under the content policy, and everybody can read the pages."""

import re

import pytest
from playwright.async_api import expect

from .conftest import OpenAccountPage

PAGES = ["/admin/", "/admin/accounts/user/", "/admin/live/", "/admin/insight/", "/admin/invite/"]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_have_no_barriers_and_break_no_policy(account_page: OpenAccountPage, path: str) -> None:
    page = await account_page(path, who="grace")
    assert await page.everywhere() == []


async def test_djangos_widgets_work_under_the_policy(account_page: OpenAccountPage) -> None:
    """Its select2 asks the server, its selector moves what is chosen, its checkboxes count."""
    page = await account_page("/admin/accounts/tokenbudget/add/", who="grace")
    await page.page.locator(".select2-selection").first.click()
    await page.page.locator(".select2-search__field").first.fill("alice")
    await page.page.get_by_role("option", name="Alice").click()
    await expect(page.page.locator(".select2-selection__rendered").first).to_contain_text("Alice")
    page = await account_page("/admin/auth/group/add/", who="grace")
    await page.page.locator("#id_permissions_from option").first.click()
    await page.page.locator("#id_permissions_add").click()
    await expect(page.page.locator("#id_permissions_to option")).to_have_count(1)
    page = await account_page("/admin/accounts/user/", who="grace")
    await page.page.locator("#action-toggle").check()
    await expect(page.page.locator(".action-counter")).to_contain_text("selected")


async def test_the_navigation_of_a_phone_opens_without_a_script(account_page: OpenAccountPage) -> None:
    page = await account_page("/admin/", who="grace", viewport={"width": 390, "height": 844}, java_script_enabled=False)
    navigation = page.page.locator("#admin-navigation")
    assert not await navigation.is_visible()
    await page.press("Menu")
    await navigation.get_by_role("link", name="Users").click()
    await expect(page.page).to_have_url(re.compile(r"/admin/accounts/user/$"))
