"""One browser and one server for all browser tests of a worker; a fresh person's tab for each."""

import fcntl
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from tests.live.fixtures import Template
from tests.live.server import ROOT, LiveServer, environment
from tests.ports import free_port
from tests.provider_server.server import ProviderServer

from .account_page import AccountPage
from .chat_page import ChatPage
from .chromium import launch
from .violations import WatchedBrowser
from .wire import Wire

OpenPage = Callable[..., Awaitable[ChatPage]]
OpenAccountPage = Callable[..., Awaitable[AccountPage]]

expect.set_options(timeout=15_000)  # a busy machine is not a broken page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them: the browser lives in it."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def _collected(live_template: Template) -> None:
    """The static files as production serves them. ``make test`` has collected them; again only if one has changed
    since, because other workers' servers read them meanwhile."""
    with (ROOT / "manage.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manifest = ROOT / "static_root" / "staticfiles.json"
        newest = max(file.stat().st_mtime for file in (ROOT / "static").rglob("*"))
        if manifest.exists() and manifest.stat().st_mtime >= newest:
            return
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment(live_template.folder), check=True)


@pytest.fixture(scope="session")
def shared_provider() -> Iterator[ProviderServer]:
    """One of the browser's own: titles are asked for after a test has ended, and would be found by another one."""
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="session")
def site(
    _collected: None, live_template: Template, shared_provider: ProviderServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The server; ``site.wire_port`` is where browsers reach it."""
    folder = tmp_path_factory.mktemp("browser")
    wire_port = free_port()
    settings: dict[str, Any] = {
        "OPENAI_BASE_URL": shared_provider.openai_url,
        "EXTRA_ORIGINS": f"http://127.0.0.1:{wire_port}",
        "DAILY_TOKEN_BUDGET": 50_000_000,
        "MAX_OUTPUT_TOKENS": 60_000,
    }
    with LiveServer(live_template.folder, live_template.people, folder, **settings) as server:
        server.wire_port = wire_port  # type: ignore[attr-defined]
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def wire(site: LiveServer) -> AsyncIterator[Wire]:
    async with Wire(site.port, site.wire_port) as wire:  # type: ignore[attr-defined]
        yield wire


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[WatchedBrowser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield WatchedBrowser(browser)
        await browser.close()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _no_violations(browser: WatchedBrowser) -> AsyncIterator[None]:
    """Of any page's content policy, whatever the test is about."""
    browser.violations.clear()
    yield
    await browser.close_all()
    assert browser.violations == []


@pytest_asyncio.fixture(loop_scope="session")
async def tab(
    browser: WatchedBrowser, site: LiveServer, wire: Wire, provider: ProviderServer
) -> AsyncIterator[OpenPage]:
    """Open a tab: ``await tab()``, ``await tab("/c/…/", who="bob")``, ``await tab(same=other)`` for one more of a
    browser that is open. At the end no tab may have anything to complain about."""
    pages: list[ChatPage] = []

    async def open_tab(
        path: str = "/", *, who: str = "alice", same: ChatPage | None = None, **options: Any
    ) -> ChatPage:
        context = same.page.context if same else await browser.new_context(**options)
        if same is None:
            cookie = {"name": "sessionid", "value": site.people[who]["session"], "url": wire.url}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        page = ChatPage(await context.new_page(), wire, provider)
        pages.append(page)
        return await page.open(path)

    wire.plug_in()
    with sqlite3.connect(site.data_dir / "parley.sqlite3", timeout=20) as database:
        database.execute("DELETE FROM chat_draft")  # nothing that an earlier test has begun to write
    yield open_tab
    wire.plug_in()
    for page in pages:
        await page.settle()
    for context in {page.page.context for page in pages}:
        await context.close()
    assert [complaint for page in pages for complaint in page.complaints] == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(tab: OpenPage) -> ChatPage:
    """Alice's tab with a new conversation."""
    return await tab()


@pytest_asyncio.fixture(loop_scope="session")
async def account_page(browser: WatchedBrowser, site: LiveServer) -> AsyncIterator[OpenAccountPage]:
    """Open a page: ``await account_page("/settings/", who="bob")``; at the end none may have complaints."""
    pages: list[AccountPage] = []

    async def open_page(path: str, *, who: str = "alice", **options: Any) -> AccountPage:
        context = await browser.new_context(**options)
        cookie = {"name": "sessionid", "value": site.people[who]["session"], "url": site.url}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        pages.append(AccountPage(await context.new_page(), site.url))
        return await pages[-1].open(path)

    yield open_page
    for page in pages:
        await page.page.context.close()
    assert [complaint for page in pages for complaint in page.complaints] == []
