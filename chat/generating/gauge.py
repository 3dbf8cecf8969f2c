"""How busy one model, or one provider, is: how many answers at once, and what the last minute saw."""

import contextlib
import math
from collections import deque

import msgspec

from chat.models.rates import Rates

MINUTE_S = 60.0


class Call(msgspec.Struct, eq=False):
    """One call: when it began, and its tokens: the most it may take until it is known what it took."""

    at: float
    tokens: int


class Gauge:
    """Counts against ``rates`` (None: no limits); ``closed_until`` is what the provider itself asked for.

    ``full_until``: other processes hold the places there are; before then it is not worth looking again.
    Times are the event loop's.
    """

    def __init__(self) -> None:
        self.rates: Rates | None = None
        self.running = 0
        self.closed_until = 0.0
        self.full_until = 0.0
        self._calls: deque[Call] = deque()

    def take(self, call: Call) -> None:
        self.running += 1
        self._calls.append(call)

    def leave(self) -> None:
        self.running -= 1

    def give_back(self, call: Call) -> None:
        """As though it had never been taken."""
        self.running -= 1
        with contextlib.suppress(ValueError):
            self._calls.remove(call)

    def opens_at(self, tokens: int, now: float) -> float:
        """When a call of so many tokens fits: ``now`` at the latest if it does; infinity: when another one ends."""
        while self._calls and self._calls[0].at <= now - MINUTE_S:
            self._calls.popleft()
        rates = self.rates
        if rates is None:
            return self.closed_until
        if rates.max_generations is not None and self.running >= rates.max_generations:
            return math.inf
        opens_at = max(self.closed_until, self.full_until)
        if rates.requests_per_minute is not None and len(self._calls) >= rates.requests_per_minute:
            opens_at = max(opens_at, self._calls[-rates.requests_per_minute].at + MINUTE_S)
        if rates.tokens_per_minute is not None:
            opens_at = max(opens_at, self._room_at(tokens, rates.tokens_per_minute))
        return opens_at

    def _room_at(self, tokens: int, most: int) -> float:
        """When so many tokens are within the limit. A call above it on its own waits for a minute to itself."""
        spent = sum(call.tokens for call in self._calls)
        room_at = 0.0
        for call in self._calls:
            if spent + tokens <= most:
                break
            spent -= call.tokens
            room_at = call.at + MINUTE_S
        return room_at
