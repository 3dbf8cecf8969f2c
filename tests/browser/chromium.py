"""The browser of the tests and benchmarks: the system's Chromium, as quiet as it can be made."""

from playwright.async_api import Browser, Playwright

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


async def launch(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
