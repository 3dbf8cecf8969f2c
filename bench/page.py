"""``python -m bench.page``: the chat page in a browser: what an answer costs a person who types meanwhile."""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.browser.chromium import launch
from tests.browser.long_conversation import make_conversation
from tests.live.server import LiveServer, prepare

from .long_texts import PROSE, long_code, pieces
from .provider import ProviderProcess
from .report import Report
from .tab import WATCH, Figures, Tab

MESSAGES = 2000
ROUNDS = 9
STREAM_COST = """
async (text) => {
  const { MarkdownStream } = await import("#lib/markdown_stream");
  const { decorate } = await import("#lib/decorate");
  const stage = document.body.appendChild(document.createElement("div"));
  const stream = new MarkdownStream(stage, { decorate, now: () => 0 });
  const costs = [];
  for (let at = 0; at < text.length; at += 5) {
    const began = performance.now();
    stream.push(text.slice(at, at + 5));
    stream.render();
    costs.push(performance.now() - began);
  }
  stage.remove();
  const tenth = Math.floor(costs.length / 10);
  const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  return { first: mean(costs.slice(0, tenth)), last: mean(costs.slice(-tenth)), most: Math.max(...costs) };
}
"""


async def streaming(tab: Tab, provider: ProviderProcess) -> Figures:
    """Typing on an idle page, then beside two long answers; then the page of the second is loaded again."""
    figures: Figures = {}
    await tab.open()
    await tab.type_for(5)
    figures |= await tab.taken("nothing streams")
    provider.script(tokens=3000, rate=200)
    await tab.answered(14)
    figures |= await tab.taken("3,000 tokens at 200/s")
    await tab.open()
    text = long_code(50_000)
    provider.script(tokens=pieces(text), rate=1000)
    await tab.answered(9)
    figures |= await tab.taken("50,000 characters, long code, 1,000 tokens/s")
    return figures


async def weight(browser_context: BrowserContext, url: str) -> Figures:
    """What the first page brings over the network into an empty cache, as it was compressed."""
    page = await browser_context.new_page()
    await page.goto(url)
    await page.locator("[data-testid=connection-status][data-state=connected]").wait_for(state="attached")
    sizes: dict[str, float] = await page.evaluate("() => window.bench.weight()")
    await page.close()
    return {f"the first page: {kind}, KB": size / 1000 for kind, size in sizes.items()}


async def loaded(tab: Tab, path: str, name: str) -> Figures:
    """From the navigation's start to the first answer shown, to an open line, and what kept the page busy."""
    shown, connected, longest = [], [], []
    for _ in range(ROUNDS):
        await tab.page.goto(path)
        await tab.page.locator("[data-testid=connection-status][data-state=connected]").wait_for(state="attached")
        await tab.page.wait_for_timeout(800)
        found: dict[str, float] = await tab.page.evaluate("() => window.bench.loaded()")
        shown.append(found["shown"])
        connected.append(found["connected"])
        longest.append(found["longest"])
    return {
        f"{name}: opened to the last answer shown, ms": statistics.median(shown),
        f"{name}: opened to connected, ms": statistics.median(connected),
        f"{name}: longest task, ms": statistics.median(longest),
    }


async def chosen(tab: Tab, path: str) -> Figures:
    """The same, chosen in the sidebar of a page that is open."""
    taken = []
    for _ in range(ROUNDS):
        await tab.page.goto(tab.url)
        item = tab.page.locator(f"[data-testid=conversation-item][href='{path}']")
        await item.wait_for()
        await tab.page.wait_for_timeout(500)
        taken.append(await item.evaluate("(item) => window.bench.chosen(item)"))
    return {f"{MESSAGES} messages: chosen in the sidebar to shown, ms": statistics.median(taken)}


async def cost_of_length(tab: Tab) -> Figures:
    figures = {}
    for name, text in {"prose": PROSE * 480, "code": long_code(50_000)}.items():
        costs = await tab.page.evaluate(STREAM_COST, text)
        figures[f"a token's rendering, first tenth of 50,000 characters of {name}, ms"] = costs["first"]
        figures[f"a token's rendering, last tenth of 50,000 characters of {name}, ms"] = costs["last"]
    return figures


async def measured(browser: Browser, server: LiveServer, provider: ProviderProcess) -> Figures:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    cookie = {"name": "sessionid", "value": server.people["alice"]["session"], "url": server.url}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    await context.add_init_script(WATCH)
    figures = await weight(context, server.url)
    tab = Tab(await context.new_page(), server.url)
    figures |= await streaming(tab, provider)
    figures |= await loaded(tab, tab.page.url, "50,000 characters again")
    figures |= await loaded(tab, server.url, "a new conversation")
    path = make_conversation(server, MESSAGES)
    figures |= await loaded(tab, server.url + path, f"{MESSAGES} messages")
    figures |= await chosen(tab, path)
    figures |= await cost_of_length(tab)
    await context.close()
    return figures


async def run() -> Figures:
    with tempfile.TemporaryDirectory() as name, ProviderProcess() as provider:
        folder = Path(name)
        people = prepare(folder / "template")
        settings: dict[str, Any] = {"OPENAI_BASE_URL": provider.url + "/v1", "MAX_OUTPUT_TOKENS": 60_000}
        with LiveServer(folder / "template", people, folder / "data", **settings) as server:
            async with async_playwright() as playwright:
                browser = await launch(playwright)
                figures = await measured(browser, server, provider)
                await browser.close()
    return figures


if __name__ == "__main__":
    report = Report("page")
    for what, value in asyncio.run(run()).items():
        report.say(what, value)
    report.save()
