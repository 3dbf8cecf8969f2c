"""The small queue and event that sockets wait for do what the library's do."""

import asyncio

from config.waiting import Inbox, Sluice


async def test_messages_come_in_their_order_at_once_or_later() -> None:
    inbox = Inbox()
    inbox.put_nowait("a")
    inbox.put_nowait("b")
    assert (inbox.qsize(), inbox.empty()) == (2, False)
    assert [await inbox.get(), inbox.get_nowait()] == ["a", "b"]
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("c")
    inbox.put_nowait("d")
    assert await waiting == "c"
    assert await inbox.get() == "d"
    assert inbox.empty()


async def test_a_reader_that_is_cancelled_loses_nothing() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("a")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await inbox.get() == "a"


async def test_all_who_wait_go_on_when_it_opens() -> None:
    sluice = Sluice()
    await sluice.wait()
    sluice.clear()
    sluice.clear()
    waiting = [asyncio.create_task(sluice.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert not sluice.is_set()
    sluice.set()
    await asyncio.gather(*waiting[1:])
    assert sluice.is_set()
