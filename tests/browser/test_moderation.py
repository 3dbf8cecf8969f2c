"""From a report in the chat page to the decision and to what people are told; rules; announcements; prompts."""

from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenPage

REPORTS = "/admin/chat/report/"


async def admin(tab: OpenPage) -> ChatPage:
    """Grace's tab, from which she goes to the admin site."""
    return await tab(who="grace")


async def test_a_reported_answer_is_hidden_and_both_are_told(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=("An awful", " answer."))
    await page.ask("Tell me something")
    await page.answer.hover()
    await page.answer.get_by_test_id("report").click()
    dialog = page.one("report-dialog")
    await dialog.get_by_label("Hateful or harassing").check()
    await dialog.get_by_label("What is wrong").fill("<b>Look</b>")
    await page.one("report-send").click()
    await expect(dialog.get_by_text("Thank you.")).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()

    staff = await admin(tab)
    await staff.page.goto(staff.wire.url + REPORTS)
    await staff.page.get_by_role("link", name="Hateful or harassing").first.click()
    await expect(staff.page.get_by_text("An awful answer.")).to_be_visible()
    await expect(staff.page.get_by_text("<b>Look</b>")).to_be_visible()
    await staff.page.get_by_label("Hide the message").check()
    await staff.page.locator("[name=note]").fill("Not here.")
    await staff.page.get_by_role("button", name="Save", exact=True).click()
    await staff.page.wait_for_url("**/admin/chat/report/")

    notice = page.one("notice")
    await expect(notice).to_contain_text("A moderator has acted on what you reported.")  # without a reload
    await notice.get_by_role("button").click()
    await expect(notice).to_have_count(0)
    await page.page.reload()
    await expect(page.body(page.answer)).to_have_text("Hidden by a moderator.")
    await expect(page.answer.get_by_test_id("copy")).to_be_hidden()


async def test_a_rule_is_tried_saved_and_blocks(page: ChatPage, tab: OpenPage) -> None:
    staff = await admin(tab)
    await staff.page.goto(staff.wire.url + "/admin/chat/contentrule/add/")
    await staff.page.locator("[name=name]").fill("No zyzzyva")
    await staff.page.locator("[name=text]").fill("zyzzyva*")
    await staff.page.locator("[name=action]").select_option("block")
    await staff.page.locator("[name=sample]").fill("one zyzzyvas more")
    await staff.page.get_by_test_id("try").click()
    await expect(staff.page.get_by_test_id("trial").locator("mark")).to_have_text("zyzzyvas more")
    await staff.page.get_by_role("button", name="Save", exact=True).click()
    await staff.page.wait_for_url("**/admin/chat/contentrule/")

    page.provider.reset()
    await page.send("What is a Zyzzyva?")
    await expect(page.page.get_by_text("breaks a rule of this site (No zyzzyva)")).to_be_visible()
    assert page.provider.requests == []
    fresh = await tab(same=page)
    fresh.provider.script(tokens=("It is a zy", "zzyva, ", "a beetle."))
    await fresh.send("Name a beetle")
    await fresh.ended("truncated")
    await expect(fresh.body(fresh.answer)).to_have_text("It is a")
    await expect(fresh.page.get_by_text("Stopped by this site’s content rules")).to_be_visible()

    await staff.page.locator("#result_list").get_by_role("link", name="No zyzzyva").click()
    await staff.page.locator("[name=enabled]").uncheck()
    await staff.page.get_by_role("button", name="Save", exact=True).click()
    await staff.page.wait_for_url("**/admin/chat/contentrule/")


async def test_an_announcement_is_shown_at_once_and_put_away(page: ChatPage, tab: OpenPage) -> None:
    staff = await admin(tab)
    await staff.page.goto(staff.wire.url + "/admin/accounts/announcement/add/")
    await staff.page.locator("[name=text]").fill("Tonight <i>we</i> move.")
    await staff.page.get_by_role("button", name="Save", exact=True).click()
    await staff.page.wait_for_url("**/admin/accounts/announcement/")
    banner = page.one("announcement")
    await expect(banner).to_contain_text("Tonight <i>we</i> move.")
    await banner.get_by_role("button", name="Dismiss").click()
    await expect(banner).to_have_count(0)
    await page.page.reload()
    await expect(page.composer).to_be_visible()
    await expect(banner).to_have_count(0)


async def test_prompts_are_chosen_by_keyboard_after_a_slash(page: ChatPage) -> None:
    await page.page.goto(page.wire.url + "/settings/prompts/")
    for name, text in (("summary", "Sum this up:"), ("translate", "Translate into German:")):
        await page.page.locator("[name=name]").fill(name)
        await page.page.locator("[name=text]").fill(text)
        await page.page.get_by_role("button", name="Save").click()
        await expect(page.page.get_by_role("link", name=f"/{name}")).to_be_visible()
    await page.open()
    menu = page.one("slash-menu")
    await page.composer.press_sequentially("/")
    await expect(menu.get_by_role("option")).to_have_count(2)
    await page.composer.press("ArrowDown")
    await expect(menu.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    await page.composer.press("Escape")
    await expect(menu).to_be_hidden()
    await page.composer.press_sequentially("sum")
    await expect(menu.get_by_role("option")).to_have_count(1)
    await page.composer.press("Enter")
    await expect(page.composer).to_have_value("Sum this up:")
    await expect(page.prompts).to_have_count(0)
