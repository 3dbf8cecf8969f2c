"""A conversation of thousands of messages, and a reader who has scrolled up in it."""

import sqlite3
import uuid

from playwright.async_api import expect

from tests.live.server import LiveServer

from .chat_page import ChatPage
from .conftest import OpenPage

AT_END = "(list) => list.scrollHeight - list.clientHeight - list.scrollTop < 2"


def make_conversation(site: LiveServer, count: int) -> str:
    """A conversation of Alice's, as the database would have it after all those prompts and answers."""
    owner = site.people["alice"]["id"].replace("-", "")
    conversation = uuid.uuid4().hex
    ids = [uuid.uuid4().hex for _ in range(count)]
    text = "This is message {} with a few words.\n\n- one\n- two\n\n```python\nx = {}\n```\n"
    rows = [
        (
            ids[n],
            conversation,
            ids[n - 1] if n else None,
            "assistant" if n % 2 else "user",
            text.format(n, n),
            "",
            f"2026-01-01 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}",
        )
        for n in range(count)
    ]
    with sqlite3.connect(site.data_dir / "parley.sqlite3", timeout=20) as database:
        now = "2026-01-02 00:00:00"
        database.execute(
            "INSERT INTO chat_conversation (id, owner_id, title, title_state, created_at, updated_at, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (conversation, owner, "Long", "given", now, now, now),
        )
        database.executemany(
            "INSERT INTO chat_message (id, conversation_id, parent_id, role, text, thinking, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        database.execute("UPDATE chat_conversation SET active_leaf_id = ? WHERE id = ?", (ids[-1], conversation))
    return f"/c/{uuid.UUID(conversation)}/"


async def test_it_opens_at_its_end_with_a_window_and_older_ones_come_without_a_jump(
    site: LiveServer, tab: OpenPage
) -> None:
    page = await tab(make_conversation(site, 2000))
    messages = page.one("message")
    await expect(messages).to_have_count(30)
    thread = page.page.locator("message-list")
    assert await thread.evaluate(AT_END)
    await expect(messages.last).to_contain_text("This is message 1999")
    await thread.evaluate(
        """(list) => {
          list.scrollTop = 300;
          [window.marker] = list.messages;
          window.before = window.marker.getBoundingClientRect().top;
        }"""
    )
    await expect(messages).to_have_count(60)
    moved = await page.page.evaluate("Math.abs(window.marker.getBoundingClientRect().top - window.before)")
    assert moved < 2
    await expect(messages.first).to_contain_text("This is message 1940")


async def test_a_reader_who_scrolled_up_is_not_pulled_and_can_jump_to_the_latest(page: ChatPage) -> None:
    page.provider.script(tokens=tuple(f"Line {n}.\n\n" for n in range(150)), rate=60)
    await page.send("Hello")
    await expect(page.body(page.answer)).to_contain_text("Line 40.")
    thread = page.page.locator("message-list")
    assert await thread.evaluate(AT_END)
    await thread.hover()
    await page.page.mouse.wheel(0, -600)
    await expect(page.page.locator("chat-thread")).to_have_attribute("data-away", "true")
    before = await thread.evaluate("(list) => list.scrollTop")
    await page.ended()
    assert await thread.evaluate("(list) => list.scrollTop") == before
    await page.page.locator(".thread__latest").click()
    assert await thread.evaluate(AT_END)
    await expect(page.page.locator("chat-thread")).to_have_attribute("data-away", "false")
