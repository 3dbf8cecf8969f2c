"""Formulas and footnotes in an answer."""

from playwright.async_api import expect

from .chat_page import ChatPage

TEXT = (
    "It costs $5 and $10, and $E = mc^2$ for \\(x \\in \\mathbb{R}\\).\n\n",
    "$$\n\\frac{a}{b}\n$$\n\n",
    "$\\nosuchcommand{x}$\n\n",
    "A claim[^1].\n\n",
    "[^1]: Its *source*.\n",
)
HOSTILE = "$\\href{javascript:alert(1)}{x}$ $\\includegraphics{//evil.example/x.png}$ $\\htmlStyle{color:red}{x}$"


async def test_formulas_are_drawn_prices_are_not_and_what_cannot_be_read_stays_as_it_was(page: ChatPage) -> None:
    page.provider.script(tokens=TEXT, rate=50)
    await page.ask("Hello")
    body = page.body(page.answer)
    await expect(body.locator("math")).to_have_count(3)
    await expect(body.locator("p.math-display mfrac mi").first).to_have_text("a")
    await expect(body.locator("p").first).to_contain_text("It costs $5 and $10, and ")
    await expect(body.locator("p").first.locator("math").nth(1)).to_contain_text("ℝ")
    await expect(body.locator(".math").nth(3)).to_have_text("\\nosuchcommand{x}")
    before = await page.html()
    await page.page.reload()
    assert await page.html() == before


async def test_a_formula_may_not_link_load_or_style(page: ChatPage) -> None:
    page.provider.script(tokens=(HOSTILE,))
    await page.ask("Hello")
    body = page.body(page.answer)
    await expect(body.locator("math")).to_have_count(3)
    await expect(body.locator("a, img, [style], [href], [src]")).to_have_count(0)


async def test_a_footnote_is_gone_to_and_back_from(page: ChatPage) -> None:
    page.provider.script(tokens=TEXT)
    await page.ask("Hello")
    mark = page.body(page.answer).get_by_role("button", name="Footnote 1", exact=True)
    back = page.body(page.answer).get_by_role("button", name="Back from footnote 1")
    await mark.click()
    await expect(back).to_be_focused()
    await back.press("Enter")
    await expect(mark).to_be_focused()
    assert page.page.url.endswith("/")
