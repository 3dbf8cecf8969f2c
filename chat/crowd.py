"""Many who ask the database the same at once, as when all come back after a restart: several go there together."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

from .database import in_database

Question = TypeVar("Question")
Answer = TypeVar("Answer")
AT_ONCE = 8  # then it is the turn of tokens, and of what others ask


class Crowd(Generic[Question, Answer]):
    """One way to the database at a time, in the order in which they came; whoever is alone goes at once.

    A question that fails does so for who has asked it.
    """

    def __init__(self, answer: Callable[[Question], Answer]) -> None:
        """``answer`` is blocking, and belongs to nobody's language or time zone."""
        self._answer = answer
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._going: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, answered))
        if self._going is None or self._going.done() or self._going.get_loop() is not loop:
            self._going = loop.create_task(self._go(), context=contextvars.Context())
        return await answered

    async def _go(self) -> None:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            try:
                answers = await in_database(self._answers, [question for question, _answered in some])
            except Exception as error:  # noqa: BLE001 (raised where it was asked)
                answers = [error for _ in some]
            for (_question, answered), answer in zip(some, answers, strict=True):
                if answered.done():  # whoever asked has gone
                    continue
                if isinstance(answer, Exception):
                    answered.set_exception(answer)
                else:
                    answered.set_result(answer)

    def _answers(self, questions: Sequence[Question]) -> "list[Answer | Exception]":
        answers: list[Answer | Exception] = []
        for question in questions:
            try:
                answers.append(self._answer(question))
            except (OperationalError, InterfaceError):  # there is no database: nobody need find that out again
                raise
            except Exception as error:  # noqa: BLE001 (raised where it was asked)
                answers.append(error)
        return answers
