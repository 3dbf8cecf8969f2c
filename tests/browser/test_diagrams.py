"""Diagrams in an answer: drawn in a frame of their own, shown as images in which nothing runs."""

from playwright.async_api import expect

from .chat_page import ChatPage

GOOD = "```mermaid\ngraph TD\n  A[Start] --> B{Choice}\n  B -->|yes| C[End]\n```\n\n"
LINKS = '```mermaid\ngraph TD\n  A --> B\n  click A "javascript:alert(1)"\n  click B call alert(1)\n```\n\n'
REFUSED = [
    "%%{init: {'securityLevel': 'loose', 'htmlLabels': true}}%%\ngraph TD\n  A --> B",
    '---\nconfig:\n  htmlLabels: true\n---\ngraph TD\n  A["&lt;img src=x&gt;"] --> B',
    'graph TD\n  A["<img src=//evil.example/x.png onerror=alert(1)>"] --> B',
    "graph TD\n  A --> B\n  style A fill:url(//evil.example/x)",
    'graph TD\n  A@{ img: "/x.png" } --> B',
    "no diagram at all",
]


async def test_a_diagram_is_an_image_with_its_source_below_it(page: ChatPage) -> None:
    page.provider.script(tokens=(GOOD, "The end."))
    await page.ask("Draw")
    image = page.body(page.answer).locator(".diagram img")
    await expect(image).to_be_visible(timeout=20_000)
    await page.page.wait_for_function("document.querySelector('.diagram img').naturalWidth > 50")
    await expect(page.body(page.answer).locator("pre")).to_be_hidden()
    await page.body(page.answer).locator("summary").click()
    await expect(page.body(page.answer).locator("pre")).to_contain_text("graph TD")
    await page.body(page.answer).locator("summary").click()
    before = await page.html()
    await page.page.reload()
    await expect(image).to_be_visible(timeout=20_000)
    assert await page.html() == before


async def test_a_diagram_that_wants_to_run_something_is_an_image_all_the_same(page: ChatPage) -> None:
    page.provider.script(tokens=(LINKS,))
    await page.ask("Draw")
    image = page.body(page.answer).locator(".diagram img")
    await expect(image).to_be_visible(timeout=20_000)
    source = await image.get_attribute("src")
    assert source is not None
    assert source.startswith("data:image/svg+xml;")


async def test_what_would_load_or_style_and_what_is_no_diagram_stays_as_it_was_written(page: ChatPage) -> None:
    page.provider.script(tokens=tuple(f"```mermaid\n{source}\n```\n\n" for source in REFUSED))
    await page.ask("Draw")
    await expect(page.answer).to_have_attribute("data-rendered", "whole", timeout=30_000)
    code = page.body(page.answer).locator("code")
    assert await code.all_text_contents() == [f"{source}\n" for source in REFUSED]
    await expect(page.body(page.answer).locator("img, iframe, svg:not(.icon), script")).to_have_count(0)
