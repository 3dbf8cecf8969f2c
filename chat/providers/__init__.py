"""What every provider of language models offers, and the values that pass between it and a runner."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec


class Turn(msgspec.Struct, frozen=True):
    """One message as a provider sees it."""

    role: Literal["user", "assistant"]
    text: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """One call: which model, what it is to read, how much it may write.

    ``turns`` alternate and begin with the user. When the last one is the assistant's, the call asks
    the model to go on from exactly that text (after a crash, or on Continue). ``stable_turns`` is how
    many of the leading turns are sure to be sent again unchanged: what may be cached upstream.
    """

    model: str
    turns: tuple[Turn, ...]
    max_output_tokens: int
    system: str = ""
    stable_turns: int = 0
    temperature: float | None = None


class Text(msgspec.Struct, frozen=True):
    """A piece of the answer."""

    text: str


class Thinking(msgspec.Struct, frozen=True):
    """A piece of the reasoning that comes before the answer."""

    text: str


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the provider counted them; None where it said nothing usable. Of several the newest counts.

    ``input_tokens`` includes ``cached_input_tokens`` whatever the provider's own convention is.
    Numbers are not yet trusted: they may be absurd, but they are integers >= 0.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None


class Finish(msgspec.Struct, frozen=True):
    """The provider's own end of the answer, the last delta of all. A stream that stops without one was cut."""

    reason: Literal["stop", "length", "content_filter"]


Delta = Text | Thinking | Usage | Finish
Take = Callable[[Sequence[Delta]], bool]  # takes what one network read brought; false: that is enough

ProviderErrorCode = Literal[
    "model_unavailable",
    "context_too_long",
    "content_blocked",
    "upstream_rate_limited",
    "upstream_overloaded",
    "upstream_auth",
    "upstream_failed",
    "timeout",
    "interrupted",
]


class ProviderError(Exception):
    """A call that failed: ``code`` is the protocol's, ``message`` a sentence for a person.

    The message never holds the provider's own words: they may contain a key. ``detail`` does, scrubbed
    of anything that looks like one, for the log. ``retryable``: the same call may work later (only
    then does a runner try again or fall back to another model). ``retry_after_s``: as the provider asked.
    """

    def __init__(
        self,
        code: ProviderErrorCode,
        message: str,
        *,
        retryable: bool,
        retry_after_s: float | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.code: ProviderErrorCode = code
        self.message = message
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.detail = detail


class OfferedModel(msgspec.Struct, frozen=True):
    """A model a provider says it has; None where it does not say."""

    name: str
    label: str = ""
    context_window: int | None = None
    max_output_tokens: int | None = None


class Stream(Protocol):
    """One answer, as it comes: all deltas of one network read together, so that a burst costs one flush.

    Raises ProviderError when the stream breaks with an error. Ending without a Finish means that the connection
    was lost.
    """

    def __aiter__(self) -> AsyncIterator[Sequence[Delta]]: ...

    async def __anext__(self) -> Sequence[Delta]: ...

    async def hand_on(self, take: Take) -> bool:
        """Have ``take`` called with the rest, without a task's turn in between where that can be.

        False when it had enough, which need not be the end: called again, it goes on where it was. Raises what
        ``take`` raises.
        """
        ...


class Provider(Protocol):
    """One connection to a provider's API, shared by all calls of this process."""

    def stream(self, prompt: Prompt) -> AbstractAsyncContextManager[Stream]:
        """Open one call. Raises ProviderError when the provider refuses.

        Leaving the context always closes the provider's connection, at once when the stream has not ended.
        """
        ...

    async def offered_models(self) -> list[OfferedModel]:
        """Ask which models there are. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Close idle connections; for the end of the process."""
        ...
