"""A prompt, its answer, and all that can be done to them."""

import re

from playwright.async_api import expect

from .chat_page import ChatPage
from .conftest import OpenPage

MARKDOWN = (
    "# Title\n\n",
    "Some *words*",
    " and `code`.\n\n",
    "- one\n",
    "- two\n\n",
    "```python\n",
    "x = 1\n",
    "```\n\n",
    "End.",
)


async def test_a_prompt_is_answered_and_a_reload_shows_the_same(page: ChatPage) -> None:
    page.provider.script(tokens=MARKDOWN, rate=50)
    await page.ask("Write **something**")
    await expect(page.body(page.prompts.first)).to_have_text("Write **something**")
    await expect(page.body(page.answer).locator("h1")).to_have_text("Title")
    await expect(page.body(page.answer).locator("code.language-python .hljs-number")).to_have_text("1")
    before = await page.html()
    assert re.search(r"/c/[0-9a-f-]{36}/$", page.page.url)
    await page.page.reload()
    await expect(page.body(page.answer).locator("code.language-python .hljs-number")).to_have_text("1")
    assert await page.html() == before


async def test_the_prompt_shows_at_once_and_the_answer_from_its_first_token(page: ChatPage) -> None:
    page.provider.script(tokens=("First", " second"), first_token_delay_s=0.4, ending="silence")
    await page.send("Hello")
    await expect(page.prompts).to_have_count(1)
    await expect(page.answer).to_have_attribute("data-status", "running")
    await expect(page.body(page.answer)).to_have_text("First second")


async def test_stop_closes_the_provider_and_says_so_and_continue_goes_on(page: ChatPage) -> None:
    page.provider.script(tokens=("One", " two", " three", " four"), ending="silence", after=2)
    await page.send("Count")
    await expect(page.body(page.answer)).to_have_text("One two")
    await page.one("stop").click()
    await page.ended("cancelled")
    await expect(page.answer).to_contain_text("Stopped by you")
    await page.provider.requests[-1].aleft()
    page.provider.script(tokens=("One", " two", " three", " four"))
    await page.one("continue").click()
    await expect(page.body(page.answer)).to_have_text("One two three four")
    await page.ended()
    before = await page.html()
    await page.page.reload()
    await expect(page.body(page.answer)).to_have_text("One two three four")
    assert await page.html() == before


async def test_regenerating_makes_a_second_version_and_the_first_stays_reachable(page: ChatPage) -> None:
    page.provider.script(tokens=("First version",))
    await page.ask("Hello")
    page.provider.script(tokens=("Second version",))
    await page.one("regenerate").click()
    await expect(page.body(page.answer)).to_have_text("Second version")
    await expect(page.answer).to_contain_text("2/2")
    await page.one("previous-branch").click()
    await expect(page.body(page.answer)).to_have_text("First version")
    await page.page.reload()
    await expect(page.body(page.answer)).to_have_text("First version")


async def test_an_answer_is_written_again_with_the_model_that_is_chosen(page: ChatPage) -> None:
    page.provider.script(tokens=("First version",))
    await page.ask("Hello")
    # Other tests may have given the site more models.
    await page.one("model-picker").evaluate("(picker) => picker.replaceChildren(picker.selectedOptions[0])")
    await expect(page.one("regenerate-with")).to_be_hidden()
    await page.one("model-picker").evaluate("(picker) => picker.append(new Option('Once more', 'scripted'))")
    page.provider.script(tokens=("Second version",))
    await page.one("regenerate-with").click()
    menu = page.one("model-menu")
    await expect(menu.get_by_role("menuitem")).to_have_count(2)
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("Enter")
    await expect(page.body(page.answer)).to_have_text("Second version")
    await expect(menu).to_have_count(0)
    assert page.provider.requests[-1].body["model"] == "scripted"


async def test_an_answer_goes_on_with_the_model_that_is_chosen(page: ChatPage) -> None:
    page.provider.script(tokens=("Half ", "an "), ending="cut", after=2)
    await page.send("Hello")
    await page.ended("interrupted")
    await page.one("model-picker").evaluate("(picker) => picker.append(new Option('Once more', 'scripted'))")
    page.provider.script(tokens=("Half ", "an ", "answer"))
    await page.one("continue-with").click()
    await page.one("model-menu").get_by_role("menuitem").last.click()
    await expect(page.body(page.answer)).to_have_text("Half an answer")
    await page.ended()
    assert page.provider.requests[-1].body["model"] == "scripted"


async def test_a_menu_keeps_its_answer_when_the_thread_is_read_again_under_it(page: ChatPage) -> None:
    page.provider.script(tokens=("First version",))
    await page.ask("Hello")
    await page.one("model-picker").evaluate("(picker) => picker.append(new Option('Once more', 'scripted'))")
    page.provider.script(tokens=("Second version",))
    await page.one("regenerate-with").click()
    last = page.one("model-menu").get_by_role("menuitem").last
    await expect(last).to_be_visible()
    await page.page.locator("chat-thread").evaluate("(thread) => thread.refresh()")
    await last.click()
    await expect(page.body(page.answer)).to_have_text("Second version")


async def test_an_edited_prompt_is_a_branch_with_an_answer_of_its_own(page: ChatPage) -> None:
    page.provider.script(tokens=("To the first",))
    await page.ask("First words")
    page.provider.script(tokens=("To the second",))
    await page.prompts.first.hover()
    await page.one("edit").click()
    await page.one("edit-text").fill("Second words")
    await page.one("edit-send").click()
    await expect(page.body(page.answer)).to_have_text("To the second")
    await expect(page.prompts).to_have_count(1)
    await expect(page.prompts.first).to_contain_text("2/2")
    await page.prompts.first.get_by_test_id("previous-branch").click()
    await expect(page.body(page.prompts.first)).to_have_text("First words")
    await expect(page.body(page.answer)).to_have_text("To the first")


async def test_a_prompt_sent_while_an_answer_streams_waits_and_is_answered_after_it(page: ChatPage) -> None:
    page.provider.script(tokens=("Slow",), ending="silence")
    await page.send("First")
    await expect(page.body(page.answer)).to_have_text("Slow")
    page.provider.script(tokens=("Then this",))
    await page.send("Second")
    await expect(page.answers).to_have_count(2)
    await expect(page.answer).to_contain_text("Waiting for the answer above")
    await page.one("stop").click()
    await expect(page.body(page.answer)).to_have_text("Then this")
    await page.ended()
    assert [await page.body(one).text_content() for one in await page.prompts.all()] == ["First", "Second"]


async def test_a_provider_that_fails_is_said_in_the_thread_and_retry_asks_again(page: ChatPage) -> None:
    page.provider.script(status=401)
    await page.send("Hello")
    await page.ended("failed")
    await expect(page.answer.get_by_role("alert")).to_be_visible()
    page.provider.script(tokens=("Better now",))
    await page.one("retry").click()
    await expect(page.body(page.answer)).to_have_text("Better now")


async def test_thinking_is_folded_away_and_its_text_is_kept(page: ChatPage) -> None:
    page.provider.script(thinking=("Let me", " think."), tokens=("Done.",))
    await page.ask("Hello")
    fold = page.answer.locator("details")
    await expect(fold).not_to_have_attribute("open", "")
    await fold.locator("summary").click()
    await expect(fold).to_contain_text("Let me think.")
    await page.page.reload()
    await expect(page.answer.locator(".message__thoughts")).to_have_text("Let me think.")


async def test_copy_gives_the_markdown_and_a_block_gives_its_code(tab: OpenPage) -> None:
    page = await tab(permissions=["clipboard-read", "clipboard-write"])
    page.provider.script(tokens=MARKDOWN)
    await page.ask("Hello")
    read = "navigator.clipboard.readText()"
    await page.press_and_hear(page.answer.get_by_test_id("copy"))
    assert await page.page.evaluate(read) == "".join(MARKDOWN)
    await page.press_and_hear(page.one("copy-code"))
    assert await page.page.evaluate(read) == "x = 1\n"


async def test_a_strangers_conversation_is_not_found(page: ChatPage, tab: OpenPage) -> None:
    page.provider.script(tokens=("Secret",))
    await page.ask("Hello")
    bob = await tab(who="bob")
    response = await bob.page.goto(page.page.url)
    assert response is not None
    assert response.status == 404


async def test_characters_by_their_names_are_those_of_html_and_nothing_else_is(page: ChatPage) -> None:
    page.provider.script(tokens=("&lt;b&gt; &auml;&nbsp;&hellip; &semi;&bsemi; &copy &ampfoo; &nosuchname; `&auml;`",))
    await page.ask("Hello")
    words = await page.body(page.answer).text_content()
    assert words is not None
    assert words.strip() == "<b> ä\u00a0… ;⁏ &copy &ampfoo; &nosuchname; &auml;"
