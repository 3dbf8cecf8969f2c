"""Asks providers' moderation endpoints about a text, for the rules that leave the decision to them."""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from chat.providers import ProviderError
from chat.providers.registry import Kind, load

from .rules import Judge, Rule

if TYPE_CHECKING:
    from chat.providers.openai import OpenAIProvider

logger = logging.getLogger(__name__)


class Verdict(msgspec.Struct, frozen=True):
    """A rule that a text meets; ``checked`` is false when nobody could say, and the rule then blocks."""

    rule: Rule
    checked: bool = True


async def judged(judges: Sequence[Judge], text: str) -> list[Verdict]:
    """The rules that the text meets, in their order; one call for all that ask the same. Never raises."""
    if not judges or not text.strip():
        return []
    calls = {_question(judge): judge for judge in judges}
    answers = await asyncio.gather(*(_flagged(judge, text) for judge in calls.values()))
    flagged = dict(zip(calls, answers, strict=True))
    verdicts = []
    for judge in judges:
        found = flagged[_question(judge)]
        if found is not None and judge.minds(found):
            verdicts.append(Verdict(judge.rule))
        elif found is None and judge.blocks and judge.fails_closed:
            verdicts.append(Verdict(judge.rule, checked=False))
    return verdicts


def _question(judge: Judge) -> tuple[int, str, float]:
    return judge.connection.pk, judge.model, judge.timeout_s


async def _flagged(judge: Judge, text: str) -> frozenset[str] | None:
    """The categories; None when the provider does not say within the time limit."""
    connection = judge.connection
    if not connection.enabled:
        return None
    provider = cast("OpenAIProvider", await load(Kind(connection.kind), connection))
    try:
        async with asyncio.timeout(judge.timeout_s):
            return await provider.flagged(text, judge.model, judge.timeout_s)
    except (ProviderError, TimeoutError) as error:
        detail = error.detail if isinstance(error, ProviderError) else "the time limit"
        logger.warning("moderation: rule=%s connection=%s %s", judge.rule.id, connection.pk, detail)
        return None
