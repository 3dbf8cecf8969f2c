"""Every decision about a report and every kind of rule, from the chat page to what people are told."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.live.server import ROOT, LiveServer

from .chat_page import ChatPage
from .conftest import OpenAccountPage, OpenPage

AUTHORS = ("carol", "dave", "erin")
REPORTS = "/admin/chat/report/"
Report = Callable[..., Awaitable[tuple[ChatPage, ChatPage]]]


@pytest.fixture(scope="module")
def _authors(site: LiveServer) -> None:
    """People whom a decision may lock out: nobody else's test needs them."""
    command = [sys.executable, "-m", "tests.live.prepare", *AUTHORS]
    done = subprocess.run(command, cwd=ROOT, env=site.environment(), check=True, capture_output=True, text=True)
    site.people = site.people | json.loads(done.stdout.splitlines()[-1])


@pytest_asyncio.fixture(loop_scope="session")
async def report(_authors: None, tab: OpenPage, account_page: OpenAccountPage) -> Report:
    """The author asks and shares, Bob reads along and reports: the tabs of both."""

    async def make(author: str, answer: str) -> tuple[ChatPage, ChatPage]:
        page = await tab(who=author)
        page.provider.script(tokens=(answer,))
        await page.ask("Tell me something")
        path = urlsplit(page.page.url).path
        sharing = await account_page(f"{path}share/", who=author)
        await sharing.labelled("Everybody who is signed in and has the link").check()
        await sharing.press("Save")
        await expect(sharing.page.get_by_text("Saved.")).to_be_visible()
        reader = await tab(path, who="bob")
        await understood(reader)
        await reader.answer.hover()
        await reader.answer.get_by_test_id("report").click()
        dialog = reader.one("report-dialog")
        await dialog.get_by_label("Illegal").check()
        await reader.one("report-send").click()
        await expect(dialog.get_by_text("Thank you.")).to_be_visible()
        await dialog.get_by_role("button", name="Close").click()
        return page, reader

    return make


async def understood(page: ChatPage) -> None:
    """Put away what earlier decisions have told."""
    notices = page.one("notice")
    while count := await notices.count():
        await notices.first.get_by_role("button").click()
        await expect(notices).to_have_count(count - 1)


async def decide(tab: OpenPage, answer: str, decision: str, note: str = "", days: str = "") -> Page:
    """Grace takes the newest report, sees what it is about, and decides."""
    staff = (await tab(who="grace")).page
    await staff.goto(urlsplit(staff.url)._replace(path=REPORTS).geturl())
    await staff.locator("#result_list").get_by_role("link", name="Illegal").first.click()
    await expect(staff.locator(".reported__message")).to_contain_text(answer)
    await staff.get_by_label(decision).check()
    await staff.locator("[name=days]").fill(days)
    await staff.locator("[name=note]").fill(note)
    await staff.get_by_role("button", name="Save", exact=True).click()
    await staff.wait_for_url("**" + REPORTS)
    return staff


async def test_a_dismissed_report_is_told_to_nobody_but_the_reporter(report: Report, tab: OpenPage) -> None:
    author, reporter = await report("carol", "A harmless answer.")
    await decide(tab, "A harmless answer.", "Dismiss the report", "It is fine.")
    await expect(reporter.one("notice")).to_contain_text("has found nothing to act on")
    await expect(reporter.one("notice")).not_to_contain_text("It is fine.")
    await author.page.reload()
    await expect(author.body(author.answer)).to_have_text("A harmless answer.")
    await expect(author.one("notice")).to_have_count(0)


async def test_a_hidden_message_is_gone_for_the_author_and_for_those_who_read_along(
    report: Report, tab: OpenPage
) -> None:
    author, reporter = await report("carol", "A hateful answer.")
    await decide(tab, "A hateful answer.", "Hide the message")
    await expect(author.one("notice")).to_contain_text("has hidden one of your messages")
    await expect(reporter.one("notice")).to_contain_text("has acted on what you reported")
    await understood(author)
    for page in (author, reporter):
        await page.page.reload()
        await expect(page.body(page.answer)).to_have_text("Hidden by a moderator.")


async def test_a_warning_is_read_and_put_away(report: Report, tab: OpenPage) -> None:
    author, reporter = await report("carol", "A rude answer.")
    await decide(tab, "A rude answer.", "Warn the author", "Please be <b>kind</b>.")
    await expect(author.one("notice")).to_contain_text("keep to the rules of this site. Please be <b>kind</b>.")
    await expect(reporter.one("notice")).to_contain_text("has acted on what you reported")
    await understood(author)
    await author.page.reload()
    await expect(author.body(author.answer)).to_have_text("A rude answer.")
    await expect(author.one("notice")).to_have_count(0)


async def test_who_is_suspended_reads_on_and_asks_nothing(report: Report, tab: OpenPage) -> None:
    author, _reporter = await report("dave", "A cruel answer.")
    await decide(tab, "A cruel answer.", "Suspend the author", "Twice warned.", days="3")
    await expect(author.one("notice")).to_contain_text("A moderator has suspended you")
    await expect(author.one("notice")).to_contain_text("Twice warned.")
    author.provider.reset()
    await author.send("May I?")
    await expect(author.page.get_by_text("you cannot ask for answers until").last).to_be_visible()
    assert author.provider.requests == []
    await author.page.reload()
    await expect(author.body(author.answer)).to_have_text("A cruel answer.")


async def test_who_is_deactivated_is_out_and_nothing_is_written_for_them(report: Report, tab: OpenPage) -> None:
    author, _reporter = await report("erin", "A vile answer.")
    author.provider.reset()
    author.provider.script(tokens=10_000, rate=20)
    await author.send("More")
    running = await author.provider.arequest()
    staff = await decide(tab, "A vile answer.", "Deactivate the author")
    await running.aleft()
    await expect(author.status.get_by_text("You have been signed out.")).to_be_visible()
    row = staff.locator("#result_list tbody tr").first
    await expect(row).to_contain_text("decided")
    await expect(row).to_contain_text("Deactivate the author’s account")


async def rule(tab: OpenPage, name: str, word: str, action: str) -> Page:
    """Grace writes a rule for prompts and answers."""
    staff = (await tab(who="grace")).page
    await staff.goto(urlsplit(staff.url)._replace(path="/admin/chat/contentrule/add/").geturl())
    await staff.locator("[name=name]").fill(name)
    await staff.locator("[name=text]").fill(word)
    await staff.locator("[name=action]").select_option(action)
    await staff.get_by_role("button", name="Save", exact=True).click()
    await staff.wait_for_url("**/admin/chat/contentrule/")
    return staff


async def test_a_rule_that_flags_tells_the_moderators_and_nobody_else(page: ChatPage, tab: OpenPage) -> None:
    await understood(page)
    staff = await rule(tab, "No <i>quokkas</i>", "quokka*", "flag")
    page.provider.script(tokens=("Quok", "kas smile."))
    await page.ask("Which animal smiles?")
    await expect(page.body(page.answer)).to_have_text("Quokkas smile.")
    await staff.goto(urlsplit(staff.url)._replace(path=REPORTS).geturl())
    queue = staff.locator("#result_list").get_by_role("link", name="Found by a content rule")
    await expect_sooner_or_later(staff, queue)
    await queue.first.click()
    await expect(staff.locator(".reported__message")).to_contain_text("Quokkas smile.")
    await expect(staff.get_by_text("No <i>quokkas</i>")).to_be_visible()
    await page.page.reload()
    await expect(page.composer).to_be_visible()
    await expect(page.one("notice")).to_have_count(0)


async def test_a_rule_that_warns_tells_the_person(page: ChatPage, tab: OpenPage) -> None:
    await understood(page)
    await rule(tab, "Mind the numbat", "numbat", "warn")
    page.provider.script(tokens=("An animal.",))
    await page.ask("What is a numbat?")
    await expect(page.one("notice")).to_contain_text("Please mind a rule of this site: Mind the numbat.")
    await expect(page.body(page.answer)).to_have_text("An animal.")
    await understood(page)


async def test_a_reading_has_a_reason_and_the_owner_finds_it(
    page: ChatPage, tab: OpenPage, account_page: OpenAccountPage
) -> None:
    await understood(page)
    page.provider.script(tokens=("Between us.",))
    await page.ask("A secret")
    path = urlsplit(page.page.url).path
    staff = (await tab(who="grace")).page
    await staff.goto(urlsplit(staff.url)._replace(path="/admin/reading/").geturl())
    await staff.get_by_label("Find by the person’s e-mail address").fill("alice@example.org")
    await staff.get_by_role("button", name="Find").click()
    await staff.locator(f"a[href*='{path.strip('/').removeprefix('c/')}']").click()
    await staff.locator("[name=reason]").fill("short")
    await staff.get_by_role("button", name="Read for an hour").click()
    await expect(staff.get_by_test_id("reading")).to_have_count(0)
    await staff.locator("[name=reason]").fill("A <b>court</b> has ordered it.")
    await staff.get_by_role("button", name="Read for an hour").click()
    await expect(staff.get_by_test_id("reading")).to_contain_text("Between us.")
    await expect(page.one("notice")).to_contain_text("Grace has opened one of your conversations.")
    await understood(page)
    settings = await account_page("/settings/readings/")
    row = settings.page.get_by_role("row").nth(1)
    await expect(row).to_contain_text("Grace")
    await expect(row).to_contain_text("A <b>court</b> has ordered it.")
    await expect(row.get_by_role("link")).to_have_attribute("href", path)


async def expect_sooner_or_later(page: Page, wanted: Locator) -> None:
    """A page that does not change by itself is loaded until it has what was found after the answer's end."""
    for _ in range(30):
        if await wanted.count():
            return
        await page.wait_for_timeout(200)
        await page.reload()
    raise AssertionError("it never came")
