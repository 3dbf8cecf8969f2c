"""Admission: who may begin now and with which model, in turns between users, and where the others stand."""

import asyncio
import math
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from chat.models import LanguageModel
from chat.models.rates import Rates

from .gauge import Call, Gauge


class Ticket:
    """One generation's place in the queue, then its slot.

    ``choices``: the models that may answer, the wanted one first. ``moved`` is told each new position, from 1.
    """

    def __init__(
        self, user_id: UUID, choices: Sequence[LanguageModel], tokens: int, moved: Callable[[int], None]
    ) -> None:
        self.user_id = user_id
        self.choices = choices
        self.tokens = tokens
        self.moved = moved
        self.position: int | None = None
        self.admitted: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()


class Slot:
    """What an admitted generation holds: its place at a model and at that model's provider."""

    def __init__(self, admission: "Admission", model: LanguageModel, tokens: int) -> None:
        self._admission = admission
        self._tokens = tokens
        self._take(model)

    def switch(self, model: LanguageModel) -> bool:
        """Go to another model, if there is room for one more."""
        if self._admission.opens_at(model, self._tokens) > asyncio.get_running_loop().time():
            return False
        self.leave()
        self._take(model)
        self._admission.admit()
        return True

    def close(self, seconds: float) -> None:
        """The provider asks for a pause: nobody asks this model before it is over."""
        self._admission.close(self.model, seconds)

    def used(self, tokens: int) -> None:
        """What the call took, where only what it might take was known."""
        self._call.tokens = tokens

    def leave(self) -> None:
        for gauge in self._gauges:
            gauge.leave()

    def _take(self, model: LanguageModel) -> None:
        self.model = model
        self._call = Call(asyncio.get_running_loop().time(), self._tokens)
        self._gauges = self._admission.gauges(model)
        for gauge in self._gauges:
            gauge.take(self._call)


class Admission:
    """A number of slots, some of them at most for each user, and what each model and provider takes.

    Those who have least go first; the queue of each user keeps its order. Nobody overtakes another for a
    model that has no room for that other.
    """

    def __init__(self, slots: int, slots_per_user: int) -> None:
        self._slots = slots
        self._slots_per_user = slots_per_user
        self._running: Counter[UUID] = Counter()
        self._queues: dict[UUID, deque[Ticket]] = {}
        self._gauges: defaultdict[str, Gauge] = defaultdict(Gauge)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> int:
        return self._running.total()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._queues.values()))

    @asynccontextmanager
    async def slot(
        self, user_id: UUID, choices: Sequence[LanguageModel], tokens: int, moved: Callable[[int], None]
    ) -> AsyncIterator[Slot]:
        """Wait for a slot and hold it; ``tokens`` is the most that the call may take."""
        ticket = Ticket(user_id, choices, tokens, moved)
        self._queues.setdefault(user_id, deque()).append(ticket)
        self.admit()
        try:
            yield await ticket.admitted
        finally:
            self._leave(ticket)

    def know(self, rates: Mapping[str, Rates | None]) -> None:
        """The limits of models and providers as the database has them now, by name."""
        for name, limits in rates.items():
            self._gauges[name].rates = limits
        self.admit()

    def gauges(self, model: LanguageModel) -> tuple[Gauge, Gauge]:
        return self._gauges[model.name], self._gauges[model.provider_key]

    def opens_at(self, model: LanguageModel, tokens: int) -> float:
        """When the model and its provider have room for so many tokens, as ``Gauge.opens_at``."""
        now = asyncio.get_running_loop().time()
        return max(gauge.opens_at(tokens, now) for gauge in self.gauges(model))

    def close(self, model: LanguageModel, seconds: float) -> None:
        """Let nobody ask the model for so long."""
        gauge = self._gauges[model.name]
        gauge.closed_until = max(gauge.closed_until, asyncio.get_running_loop().time() + seconds)

    def _leave(self, ticket: Ticket) -> None:
        if ticket.admitted.done() and not ticket.admitted.cancelled():
            ticket.admitted.result().leave()
            self._running[ticket.user_id] -= 1
            if not self._running[ticket.user_id]:
                del self._running[ticket.user_id]
            if queue := self._queues.pop(ticket.user_id, None):
                self._queues[ticket.user_id] = queue  # behind the others, who have not just had an answer
        else:
            self._take_out(ticket)
        self.admit()

    def _take_out(self, ticket: Ticket) -> None:
        self._queues[ticket.user_id].remove(ticket)
        if not self._queues[ticket.user_id]:
            del self._queues[ticket.user_id]

    def admit(self) -> None:
        """Give free slots away, look again when a minute or a pause is over, tell the rest where they stand."""
        if not self._queues:
            return
        now = asyncio.get_running_loop().time()
        look_again_at = math.inf
        full: set[str] = set()
        for ticket in self._in_turn():
            if self.running >= self._slots:
                break
            if self._running[ticket.user_id] >= self._slots_per_user:
                continue
            opens_at = {
                model: math.inf if model.name in full else self.opens_at(model, ticket.tokens)
                for model in ticket.choices
            }
            model = next((model for model in ticket.choices if opens_at[model] <= now), None)
            if model is None:
                full.update(model.name for model in ticket.choices)
                look_again_at = min(look_again_at, *opens_at.values())
            else:
                self._take_out(ticket)
                self._running[ticket.user_id] += 1
                ticket.admitted.set_result(Slot(self, model, ticket.tokens))
        self._look_again(look_again_at)
        self._tell_positions()

    def _look_again(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self.admit) if at < math.inf else None

    def _tell_positions(self) -> None:
        for position, ticket in enumerate(self._in_turn(), start=1):
            if ticket.position != position:
                ticket.position = position
                ticket.moved(position)

    def _in_turn(self) -> list[Ticket]:
        """Everyone who waits, in the order in which they will be served when slots come free.

        A ticket's turn is how many answers its user has when it is served; of several, the one whose user has
        waited longest for an answer.
        Who was stopped while waiting is still in the queue until their task runs again: no slot is for them.
        """
        turns = [
            (self._running[user_id] + place, ticket)
            for user_id, queue in self._queues.items()
            for place, ticket in enumerate(ticket for ticket in queue if not ticket.admitted.cancelled())
        ]
        return [ticket for _turn, ticket in sorted(turns, key=lambda entry: entry[0])]
