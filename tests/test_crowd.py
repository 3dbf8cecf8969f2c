"""Who asks the database the same at one moment goes there together; each has an answer, or an error, of their own."""

import asyncio
import threading

import pytest
from django.db import DataError, OperationalError

from chat.crowd import AT_ONCE, Crowd


class Answering:
    """Says the question again, and in which way to the database it was asked; numbers below 0 fail."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.held = threading.Event()
        self.held.set()

    def __call__(self, question: int) -> str:
        assert self.held.wait(30)
        self.asked.append(question)
        if question == -1:
            raise DataError("not a question")
        if question == -2:
            raise OperationalError("gone")
        return str(question)


async def answers(crowd: Crowd[int, str], *questions: int) -> list[object]:
    return await asyncio.gather(*map(crowd.ask, questions), return_exceptions=True)


async def test_all_are_answered_in_the_order_in_which_they_came() -> None:
    answering = Answering()
    many = range(5 * AT_ONCE + 1)
    assert await answers(Crowd(answering), *many) == [str(number) for number in many]
    assert answering.asked == list(many)


async def test_one_that_fails_is_in_nobodys_way() -> None:
    first, failed, last = await answers(Crowd(Answering()), 1, -1, 2)
    assert (first, last) == ("1", "2")
    assert isinstance(failed, DataError)


async def test_without_a_database_nobody_waits_for_the_others_to_find_out() -> None:
    answering = Answering()
    crowd = Crowd(answering)
    failed = await answers(crowd, -2, 1, 2)
    assert [type(each) for each in failed] == [OperationalError] * 3
    assert answering.asked == [-2]
    assert await crowd.ask(3) == "3"


async def test_somebody_who_leaves_takes_no_answer_with_them() -> None:
    answering = Answering()
    answering.held.clear()
    crowd = Crowd(answering)
    gone, stays = (asyncio.ensure_future(crowd.ask(number)) for number in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    answering.held.set()
    assert await stays == "2"
    with pytest.raises(asyncio.CancelledError):
        await gone


def test_another_event_loop_begins_anew() -> None:
    crowd = Crowd(Answering())
    assert [asyncio.run(crowd.ask(number)) for number in (1, 2)] == ["1", "2"]
