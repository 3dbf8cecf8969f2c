"""Asks a provider and reads what it answers."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from chat.providers import Delta, Finish, Prompt, Provider, ProviderError, Text, Thinking, Turn, Usage


def prompt(*texts: str, **fields: Any) -> Prompt:
    """A prompt whose turns alternate, beginning with the user's."""
    turns = tuple(Turn("assistant" if index % 2 else "user", text) for index, text in enumerate(texts or ("Hello",)))
    return msgspec.structs.replace(Prompt(model="scripted", turns=turns, max_output_tokens=1000), **fields)


async def read(provider: Provider, asked: Prompt | None = None, seen: list[Delta] | None = None) -> list[Delta]:
    """All deltas of one answer; ``seen`` has those before an error, too."""
    seen = [] if seen is None else seen
    async with provider.stream(asked or prompt()) as packets:
        async for packet in packets:
            seen += packet
    return seen


async def error_of(provider: Provider, asked: Prompt | None = None, seen: list[Delta] | None = None) -> ProviderError:
    """The error that ends the call."""
    with pytest.raises(ProviderError) as raised:
        await read(provider, asked, seen)
    return raised.value


def text(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


def thinking(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Thinking))


def usage(deltas: Sequence[Delta]) -> Usage | None:
    """The newest usage, which is the right one."""
    return next((delta for delta in reversed(deltas) if isinstance(delta, Usage)), None)


def finish(deltas: Sequence[Delta]) -> str | None:
    """The reason of the Finish, which is last and there is one of; None when there is none."""
    finishes = [delta for delta in deltas if isinstance(delta, Finish)]
    assert len(finishes) <= 1
    assert not finishes or deltas[-1] is finishes[0]
    return finishes[0].reason if finishes else None
