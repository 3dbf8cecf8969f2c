"""Titles: after the first answer its model is asked for something better than the first words of the prompt."""

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction

from accounts import budgets
from accounts.models import Reservation
from chat import hints
from chat.database import in_database
from chat.models import Conversation, Generation, LanguageModel
from chat.moderating import rules
from chat.prompting import TURN_OVERHEAD
from chat.providers import Prompt, ProviderError, Text, Turn, Usage
from chat.providers.registry import provider_for
from chat.token_estimate import estimate_tokens

from .accounting import settle
from .answer import measured

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)

SHORT_CHARS = 36  # a prompt so short is a title already, and costs nothing
READ_CHARS = 1200  # of the prompt, and of the answer
MAX_OUTPUT_TOKENS = 64
MAX_CHARS = 400
TIMEOUT_S = 15.0
AT_ONCE = 4

INSTRUCTION = (
    "Here is the beginning of a conversation. Write a title for it: at most six words, in the language of the "
    "conversation, no quotation marks, no full stop. Answer with the title and nothing else.\n\n"
    "User: {prompt}\n\nAssistant: {answer}"
)


class Call(msgspec.Struct, frozen=True):
    """One call for a title; its tokens are reserved."""

    key: uuid.UUID
    conversation: Conversation
    model: LanguageModel
    prompt: Prompt
    input_tokens: int


class Titles:
    """The calls for titles of one process. They are worth nobody's waiting: whatever is in the way, there is none."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._running: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(AT_ONCE)

    def want(self, generation: Generation, answer: str) -> None:
        """A generation has completed with this text: ask for a title, if its conversation has none yet."""
        if self._process.draining or not settings.AUTO_TITLE:
            return
        task = self._process.spawn(self._give(generation, answer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def cancel(self) -> None:
        """Let go of all calls; what they have used is charged."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _give(self, generation: Generation, answer: str) -> None:
        async with self._free:
            try:
                call = await in_database(_begin, self._process, generation, answer)
                if call is None:
                    return
                await hints.budget_changed(call.conversation.owner_id)
                title = await _ask(call)
                taken = _showable(title) and await in_database(call.conversation.take_title, title)
                if taken:
                    await hints.conversation_updated(call.conversation.owner_id, call.conversation.pk, "renamed")
                await hints.budget_changed(call.conversation.owner_id)
            except (ProviderError, TimeoutError, DatabaseError) as error:
                logger.info("no title: conversation=%s %s", generation.message.conversation_id, error)
            except Exception:
                logger.exception("no title: conversation=%s", generation.message.conversation_id)


def _showable(title: str) -> bool:
    """Whether there is one, and nothing in it that an answer may not say."""
    return bool(title) and not rules.in_force().answers_blocked.matching(title)


def _begin(process: "Process", generation: Generation, answer: str) -> Call | None:
    """Claim the title and reserve its tokens; None when there is nothing to ask or nothing to pay it with. Blocking."""
    conversation, prompt = generation.message.conversation, generation.message.parent
    if conversation.title_state != Conversation.TitleState.FIRST_WORDS or prompt is None:
        return None
    if len(prompt.text) <= SHORT_CHARS:
        return None
    model = LanguageModel.objects.visible_to(generation.user).filter(name=generation.model).first()
    if model is None or model.provider == LanguageModel.Provider.DEMO or process.admission.waiting:
        return None
    text = INSTRUCTION.format(prompt=prompt.text[:READ_CHARS], answer=answer[:READ_CHARS])
    asked = Prompt(model=model.name, turns=(Turn("user", text),), max_output_tokens=MAX_OUTPUT_TOKENS)
    call = Call(uuid.uuid4(), conversation, model, asked, estimate_tokens(text) + TURN_OVERHEAD)
    try:
        with transaction.atomic():
            if not conversation.claim_title():
                return None
            reservation = budgets.reserve(
                generation.user,
                call.key,
                input_tokens=call.input_tokens,
                max_output_tokens=MAX_OUTPUT_TOKENS,
                prices=model.prices,
            )
    except (budgets.BudgetExhausted, budgets.CostExhausted):
        return None
    granted = msgspec.structs.replace(asked, max_output_tokens=reservation.max_output_tokens)
    return msgspec.structs.replace(call, prompt=granted)


async def _ask(call: Call) -> str:
    """The title; empty when the model wrote none. Whatever happens, the reservation ends. Raises ProviderError."""
    pieces: list[str] = []
    usage: Usage | None = None
    answered = False
    try:
        provider = await provider_for(call.model)
        async with asyncio.timeout(TIMEOUT_S), provider.stream(call.prompt) as batches:
            answered = True
            async for batch in batches:
                pieces += [delta.text for delta in batch if isinstance(delta, Text)]
                usage = next((delta for delta in reversed(batch) if isinstance(delta, Usage)), usage)
                if sum(map(len, pieces)) > MAX_CHARS:
                    break
    finally:
        await in_database(_settle, call, "".join(pieces), usage, answered=answered)
    return clean("".join(pieces))


def _settle(call: Call, text: str, usage: Usage | None, *, answered: bool) -> None:
    if not answered:
        Reservation.objects.release(call.key)
        return
    used = measured(usage or Usage(), call.input_tokens, estimate_tokens(text))
    settle(call.key, used, call.model.name)


def clean(text: str) -> str:
    """What a model wrote, as a title: its first line without the ornaments that models like."""
    lines = [line for line in text.splitlines() if line.strip()]
    line = "".join(char for char in lines[0] if char.isprintable()) if lines else ""
    line = line.strip(" \t#*_`\"'“”„‚‘’«»").removeprefix("Title:").strip(" \t*_`\"'“”„‚‘’«».")
    return Conversation.title_from(line)
