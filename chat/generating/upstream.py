"""The call to a provider: tries again and falls back to other models, but only before the first token."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from chat.models import LanguageModel
from chat.protocol import Refused
from chat.providers import Delta, Finish, Prompt, ProviderError, Stream, Text, Thinking
from chat.providers.registry import provider_for

from .slot import Slot

logger = logging.getLogger(__name__)

RETRIES = 2  # of the last model of a chain; the models before it fall back at once
RETRY_DELAY_S = 0.5  # doubled for each retry, with jitter
MAX_RETRY_AFTER_S = 5.0  # a longer wait is spent in the queue, not on a slot
MAX_PAUSE_S = 60.0  # a provider that asks for a longer one is tried once in a while


class Upstream:
    """One answer's calls, over a chain of models that begins with the slot's.

    ``switched`` is asked before another model than the first is: false when the site has no room for that
    at the moment. ``model`` is the one that speaks.
    """

    def __init__(
        self,
        slot: Slot,
        chain: Sequence[LanguageModel],
        prompt_for: Callable[[LanguageModel], Prompt],
        switched: Callable[[], Awaitable[bool]],
    ) -> None:
        self._slot = slot
        self._chain = list(chain)
        self._prompt_for = prompt_for
        self._switched = switched
        self.model = slot.model

    async def open(self, stack: contextlib.AsyncExitStack) -> tuple[Sequence[Sequence[Delta]], Stream]:
        """What came until the first token, all of one network read together, and the rest. Raises ProviderError.

        The rest ends without a Finish when the connection was lost. Leaving the stack closes the connection.
        """
        retries = 0
        while True:
            try:
                async with contextlib.AsyncExitStack() as attempt:
                    opened = await self._open(attempt)
                    stack.push_async_exit(attempt.pop_all())
                    return opened
            except FailedEarly as failure:
                retries = await self._recover(failure.error, retries)

    async def _open(self, stack: contextlib.AsyncExitStack) -> tuple[Sequence[Sequence[Delta]], Stream]:
        """Begin a call and read as far as the first token; a failure until then is FailedEarly."""
        read: list[Sequence[Delta]] = []
        try:
            provider = await provider_for(self.model)
            async with asyncio.timeout(settings.FIRST_TOKEN_TIMEOUT_S):
                stream = await stack.enter_async_context(provider.stream(self._prompt_for(self.model)))
                async for batch in stream:
                    read.append(batch)
                    if any(isinstance(delta, Text | Thinking | Finish) for delta in batch):
                        return read, stream
        except TimeoutError:
            sentence = _("%(model)s did not begin to answer within %(seconds)s seconds.")
            words = {"model": self.model, "seconds": f"{settings.FIRST_TOKEN_TIMEOUT_S:g}"}
            raise FailedEarly(ProviderError("timeout", sentence % words, retryable=True)) from None
        except ProviderError as error:
            raise FailedEarly(error) from error
        sentence = _("The connection to %s was lost before it began to answer.") % self.model
        raise FailedEarly(ProviderError("upstream_failed", sentence, retryable=True))

    async def _recover(self, error: ProviderError, retries: int) -> int:
        """Go on to the next model, or wait before the same one is asked again, or raise the error.

        Returns how often the model that comes next has been retried.
        """
        logger.warning("provider failed early: model=%s code=%s %s", self.model.name, error.code, error.detail)
        if not error.retryable:
            raise error
        if error.retry_after_s:
            self._slot.close(min(error.retry_after_s, MAX_PAUSE_S))
        for model in self._chain[self._chain.index(self.model) + 1 :]:
            if self._fits(model) and self._slot.switch(model):
                if not await self._switched():
                    self._slot.go_to(self.model)
                    continue
                self.model = model
                return 0
        delay = RETRY_DELAY_S * 2**retries * random.uniform(0.8, 1.2)  # noqa: S311
        delay = max(delay, error.retry_after_s or 0)
        if retries >= RETRIES or error.code == "timeout" or delay > MAX_RETRY_AFTER_S:
            raise error
        await asyncio.sleep(delay)
        return retries + 1

    def _fits(self, model: LanguageModel) -> bool:
        """Whether the prompt fits the context window of another model than the one it was meant for."""
        try:
            self._prompt_for(model)
        except Refused:
            return False
        return True


class FailedEarly(Exception):
    """A call failed before its first token, so that nobody has seen anything of it."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(error.message)
        self.error = error
