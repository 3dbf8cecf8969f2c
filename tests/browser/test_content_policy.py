"""No page breaks its own content policy, in anybody's eyes; and whatever would is heard, or this says nothing."""

import asyncio
import contextlib
import re

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from tests.live.server import LiveServer
from tests.routes import routes

from .violations import MARK, WatchedBrowser

BREAKS = {
    "a script's text": "document.body.append(Object.assign(document.createElement('script'), {text: 'window.x = 1'}))",
    "markup": "document.body.innerHTML = '<b>x</b>'",
    "a handler": "document.body.setAttribute('onclick', 'window.x = 1')",
    "a style": "document.body.setAttribute('style', 'color: red')",
    "an image from elsewhere": "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))",
    "a request elsewhere": "void fetch(ELSEWHERE).catch(() => 0)",
    "a socket elsewhere": "void new WebSocket('ws://127.0.0.1:9/')",
    "a frame from elsewhere": "document.body.append(Object.assign(document.createElement('iframe'), {src: ELSEWHERE}))",
    "a form to elsewhere": "const form = Object.assign(document.createElement('form'), {action: ELSEWHERE});"
    " document.body.append(form); form.submit()",
    "a base": "document.head.append(Object.assign(document.createElement('base'), {href: ELSEWHERE}))",
}
CLEANED = {"/admin/": "markup"}  # of Django's own scripts, by the policy of static/js/admin_policy.js
PAGES = ["/accounts/login/", "/", "/admin/", "/settings/keys/", "/nothing-here/", "/api/docs/"]
FILES = ("api/", "v1/", "healthz", "readyz", "metrics", "manifest", "admin/jsi18n", "admin/autocomplete")
DOWNLOADS = ("settings/data/export/", "accounts/2fa/recovery-codes/download/")
WITHOUT_PAGES = {204, 405}
WITHOUT_OBJECTS = [f"/{route.path}" for route in routes() if not re.search(r"[<(^]", route.path)]
SHOWN = [path for path in WITHOUT_OBJECTS if not path[1:].startswith(FILES + DOWNLOADS)]


async def open_as(browser: WatchedBrowser, site: LiveServer, who: str) -> Page:
    context = await browser.new_context()
    cookie = {"name": "sessionid", "value": site.people[who]["session"], "url": site.url}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    return await context.new_page()


@pytest.mark.parametrize("path", PAGES)
async def test_every_break_is_heard(browser: WatchedBrowser, site: LiveServer, path: str) -> None:
    page = await open_as(browser, site, "grace")
    for name, script in BREAKS.items():
        if CLEANED.get(path) == name:
            continue
        await page.goto(site.url + path)
        browser.violations.clear()
        with contextlib.suppress(PlaywrightError):  # Trusted Types throw
            await page.evaluate(f"{{ const ELSEWHERE = 'http://127.0.0.1:9/'; {script} }}")
        async with asyncio.timeout(15):
            while not any(MARK in heard for heard in browser.violations):
                await page.evaluate("new Promise((done) => setTimeout(done, 20))")
    await page.goto("about:blank")
    browser.violations.clear()


@pytest.mark.parametrize("who", ["alice", "grace"])
async def test_no_page_breaks_its_policy(browser: WatchedBrowser, site: LiveServer, who: str) -> None:
    page = await open_as(browser, site, who)
    seen = 0
    for path in SHOWN:
        if (await page.context.request.get(site.url + path)).status in WITHOUT_PAGES:
            continue
        response = await page.goto(site.url + path, wait_until="load")
        assert response
        assert response.status < 500, path
        assert browser.violations == [], path
        seen += response.status == 200
    assert seen > len(SHOWN) / 3
