"""A socket's errands: in their order, no more than allowed, and no task while there is nothing to do."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from chat.errands import Errands


class Diary:
    """Notes which errands were run."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.may_go_on = asyncio.Event()

    def errands(self, most: int = 10) -> Errands:
        def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            self.tasks.append(asyncio.create_task(work))
            return self.tasks[-1]

        return Errands(spawn, most)

    async def note(self, name: str) -> None:
        await asyncio.sleep(0)
        self.done.append(name)

    async def fail(self) -> None:
        raise ValueError("no")

    async def wait(self) -> None:
        await self.may_go_on.wait()


async def test_errands_are_run_in_their_order_by_one_task() -> None:
    diary = Diary()
    errands = diary.errands()
    for name in "abc":
        assert errands.add(partial(diary.note, name))
    await asyncio.gather(*diary.tasks)
    assert (diary.done, len(diary.tasks)) == (["a", "b", "c"], 1)
    errands.add(partial(diary.note, "d"))
    await asyncio.gather(*diary.tasks)
    assert (diary.done, len(diary.tasks)) == (["a", "b", "c", "d"], 2)


async def test_one_that_fails_does_not_keep_the_others() -> None:
    diary = Diary()
    errands = diary.errands()
    errands.add(diary.fail)
    errands.add(partial(diary.note, "a"))
    await asyncio.gather(*diary.tasks)
    assert diary.done == ["a"]


async def test_too_many_are_refused() -> None:
    diary = Diary()
    errands = diary.errands(most=1)
    assert errands.add(diary.wait)
    await asyncio.sleep(0)  # it is run now, and waits no more
    assert errands.add(partial(diary.note, "a"))
    assert not errands.add(partial(diary.note, "b"))
    diary.may_go_on.set()
    await asyncio.gather(*diary.tasks)
    assert diary.done == ["a"]


async def test_what_is_stopped_does_nothing_more() -> None:
    diary = Diary()
    errands = diary.errands()
    errands.add(diary.wait)
    errands.add(partial(diary.note, "a"))
    await asyncio.sleep(0)
    errands.stop()
    await asyncio.gather(*diary.tasks, return_exceptions=True)
    assert (diary.done, diary.tasks[0].cancelled()) == ([], True)
