"""Of those who flood a process one is served in each turn of the event loop, whoever asks first."""

import asyncio
import itertools

from config.turns import Turns


class Flood:
    """Takes as many turns as it has work for."""

    def __init__(self, name: str, work: int, diary: list[str]) -> None:
        self.name = name
        self.work = work
        self.diary = diary

    def take_turn(self) -> None:
        self.diary.append(self.name)
        self.work -= 1
        if self.work:
            Turns.of(asyncio.get_running_loop()).ask(self)


async def test_they_take_turns_and_one_turn_each_time_round() -> None:
    diary: list[str] = []
    turns = Turns.of(asyncio.get_running_loop())
    for name, work in [("a", 3), ("b", 1), ("c", 2)]:
        turns.ask(Flood(name, work, diary))
    seen = []
    for _ in range(8):
        await asyncio.sleep(0)
        seen.append("".join(diary))
    assert seen[-1] == "abcaca"
    assert all(len(later) - len(before) <= 1 for before, later in itertools.pairwise(seen))


async def test_one_that_fails_does_not_keep_the_others() -> None:
    diary: list[str] = []
    turns = Turns(asyncio.get_running_loop())
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: diary.append("failed"))
    turns.ask(object())  # type: ignore[arg-type]
    turns.ask(Flood("a", 1, diary))
    for _ in range(4):
        await asyncio.sleep(0)
    assert diary == ["failed", "a"]
