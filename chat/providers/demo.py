"""What answers when no provider is set up: a script that says so, at the pace of a model."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from . import Delta, Finish, OfferedModel, Prompt, Take, Text, Turn, Usage
from .demo_answers import answer_to, language_of, written

TOKEN = re.compile(r"\s*\S{1,7}|\s+")  # about as long as a model's


class DemoProvider:
    """Streams written answers, token by token."""

    def __init__(self, tokens_per_second: float = 40) -> None:
        self._pause_s = 1 / tokens_per_second

    @contextlib.asynccontextmanager
    async def stream(self, prompt: Prompt) -> AsyncIterator["Reading"]:
        """See ``Provider.stream``."""
        packets = self._packets(prompt)
        try:
            yield Reading(packets)
        finally:
            await packets.aclose()

    async def offered_models(self) -> list[OfferedModel]:
        return [OfferedModel("demo", "Demo (no model set up)", 8_192, 2_048)]

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _packets(self, prompt: Prompt) -> AsyncGenerator[Sequence[Delta], None]:
        clock = asyncio.get_running_loop().time
        pieces = TOKEN.findall(_text(prompt.turns))
        said = pieces[: prompt.max_output_tokens]
        started = clock()
        for index, piece in enumerate(said):
            await asyncio.sleep(max(0.0, started + index * self._pause_s - clock()))
            yield [Text(piece)]
        read = sum(len(TOKEN.findall(text)) for text in (prompt.system, *(turn.text for turn in prompt.turns)))
        yield [Usage(read, len(said), 0), Finish("stop" if len(said) == len(pieces) else "length")]


class Reading:
    """See ``providers.Stream``."""

    def __init__(self, packets: AsyncGenerator[Sequence[Delta], None]) -> None:
        self._packets = packets

    def __aiter__(self) -> "Reading":
        return self

    async def __anext__(self) -> Sequence[Delta]:
        return await anext(self._packets)

    async def hand_on(self, take: Take) -> bool:
        async for packet in self._packets:
            if not take(packet):
                return False
        return True


def _text(turns: Sequence[Turn]) -> str:
    """The answer, or what is left of it when the last turn is its beginning."""
    asked = next(turn.text for turn in reversed(turns) if turn.role == "user")
    answer = answer_to(asked)
    if turns[-1].role == "user":
        return answer
    begun = turns[-1].text
    return answer[len(begun) :] if answer.startswith(begun) else "\n\n" + written("cannot_continue", language_of(asked))
