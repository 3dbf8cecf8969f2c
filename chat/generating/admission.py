"""Admission: who may begin now and with which model, in turns between users, and where the others stand."""

import asyncio
import math
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from chat.models import LanguageModel
from chat.models.rates import Rates

from .claiming import Full
from .gauge import Gauge
from .slot import Slot, Ticket

LOOK_AGAIN_S = 1.0  # whether another process has let go of a place
LONG_QUEUE, TELL_AGAIN_S = 50, 0.5  # in which not everybody is told of each step
Claim = Callable[[Slot], Awaitable[Full | None]]


async def free(_slot: Slot) -> None:
    """The claim of who is alone: whatever this process has room for."""


class Admission:
    """A number of slots, some of them at most for each user, and what each model and provider takes.

    Those who have least go first; the queue of each user keeps its order. Nobody overtakes another for a
    model that has no room for that other. Whoever is given a slot claims a place among all that the site runs,
    and waits on in the queue where other processes have them all.
    """

    def __init__(self, slots: int, slots_per_user: int) -> None:
        self._slots = slots
        self._slots_per_user = slots_per_user
        self._running: Counter[UUID] = Counter()
        self._claiming: Counter[UUID] = Counter()  # these have a slot, and are in the queue still
        self._full_until: dict[UUID, float] = {}  # of users who have their share in other processes
        self._queues: dict[UUID, deque[Ticket]] = {}
        self._waiting: Counter[UUID] = Counter()  # these of the queue have no slot
        self._told: set[Ticket] = set()  # where they stand
        self._new = False  # there is somebody who has not been told yet
        self._telling: asyncio.TimerHandle | None = None
        self._gauges: defaultdict[str, Gauge] = defaultdict(Gauge)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> int:
        return self._running.total() + self._claiming.total()

    @property
    def waiting(self) -> int:
        return self._waiting.total()

    @asynccontextmanager
    async def slot(
        self,
        user_id: UUID,
        choices: Sequence[LanguageModel],
        tokens: int,
        moved: Callable[[int], None],
        claim: Claim = free,
    ) -> AsyncIterator[Slot]:
        """Wait for a slot that ``claim`` finds room for on the whole site, and hold it.

        ``tokens``: the most that the call may take.
        """
        ticket = Ticket(user_id, choices, tokens, moved)
        self._queues.setdefault(user_id, deque()).append(ticket)
        self._waiting[user_id] += 1
        self._new = True
        self.admit()
        try:
            slot = await ticket.admitted
            while full := await claim(slot):
                self._turn_back(ticket, slot, full)
                slot = await ticket.admitted
            _drop(self._claiming, user_id)
            self._take_out(ticket)
            self._running[user_id] += 1
        except BaseException:
            self._give_up(ticket)
            raise
        self._tell_positions()
        try:
            yield slot
        finally:
            self._leave(user_id, slot)

    def know(self, rates: Mapping[str, Rates | None]) -> None:
        """The limits of models and providers as the database has them now, by name."""
        for name, limits in rates.items():
            self._gauges[name].rates = limits
        self.admit()

    def gauges(self, model: LanguageModel) -> tuple[Gauge, Gauge]:
        of_model, of_provider = model.gauged_as
        return self._gauges[of_model], self._gauges[of_provider]

    def opens_at(self, model: LanguageModel, tokens: int) -> float:
        """When the model and its provider have room for so many tokens, as ``Gauge.opens_at``."""
        now = asyncio.get_running_loop().time()
        return max(gauge.opens_at(tokens, now) for gauge in self.gauges(model))

    def close(self, model: LanguageModel, seconds: float) -> None:
        """Let nobody ask the model for so long."""
        gauge = self._gauges[model.name]
        gauge.closed_until = max(gauge.closed_until, asyncio.get_running_loop().time() + seconds)

    def _turn_back(self, ticket: Ticket, slot: Slot, full: Full) -> None:
        """Other processes run as many as there may be: the slot is for others, and the place in the queue stays."""
        _drop(self._claiming, ticket.user_id)
        slot.give_back()
        ticket.wait()
        self._waiting[ticket.user_id] += 1
        self._new = True
        again_at = asyncio.get_running_loop().time() + LOOK_AGAIN_S
        if full is Full.PERSON:
            self._full_until[ticket.user_id] = again_at
        else:
            self.gauges(slot.model)[full is Full.PROVIDER].full_until = again_at
        self.admit()

    def _give_up(self, ticket: Ticket) -> None:
        """It waits no more, or failed in the moment of admission."""
        if slot := ticket.slot:
            _drop(self._claiming, ticket.user_id)
            slot.give_back()
        else:
            _drop(self._waiting, ticket.user_id)
        self._take_out(ticket)
        self.admit()

    def _leave(self, user_id: UUID, slot: Slot) -> None:
        slot.leave()
        _drop(self._running, user_id)
        if queue := self._queues.pop(user_id, None):
            self._queues[user_id] = queue  # behind the others, who have not just had an answer
        self.admit()

    def _take_out(self, ticket: Ticket) -> None:
        self._queues[ticket.user_id].remove(ticket)
        self._told.discard(ticket)
        if not self._queues[ticket.user_id]:
            del self._queues[ticket.user_id]
            self._full_until.pop(ticket.user_id, None)

    def admit(self) -> None:
        """Give free slots away, look again when a minute or a pause is over, tell the rest where they stand."""
        now = asyncio.get_running_loop().time()
        look_again_at = math.inf
        full: set[str] = set()
        free = self._slots - self.running
        for ticket in self._in_turn(self._waiting) if free > 0 else ():
            if not free:
                break
            if ticket.slot or self._has_share(ticket.user_id):
                continue
            if (full_until := self._full_until.get(ticket.user_id, 0.0)) > now:
                look_again_at = min(look_again_at, full_until)
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
                free -= 1
                self._claiming[ticket.user_id] += 1
                _drop(self._waiting, ticket.user_id)
                ticket.admitted.set_result(Slot(self, model, ticket.tokens))
        self._look_again(look_again_at)
        self._tell_positions()

    def _has_share(self, user_id: UUID) -> bool:
        return self._running[user_id] + self._claiming[user_id] >= self._slots_per_user

    def _look_again(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self.admit) if at < math.inf else None

    def _tell_positions(self) -> None:
        """Where they stand, if that is another place than before.

        In a long queue all move at each step: who is new is told at once, the others once in a while.
        """
        quiet = self._telling is not None and not self._new
        if quiet or not (self._waiting or self._told):
            return
        self._new = False
        waiting = [ticket for ticket in self._in_turn(self._queues) if ticket.position or not ticket.slot]
        for position, ticket in enumerate(waiting, start=1):
            if ticket.position is None or (ticket.position != position and self._telling is None):
                ticket.position = position
                self._told.add(ticket)
                ticket.moved(position)
        if len(self._told) > LONG_QUEUE and self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_AGAIN_S, self._tell_again)

    def _tell_again(self) -> None:
        self._telling = None
        self._tell_positions()

    def _in_turn(self, whose: Container[UUID]) -> list[Ticket]:
        """Everyone of theirs who waits, in the order in which they will be served when slots come free.

        A ticket's turn is how many answers its user has when it is served; of several, the one whose user has
        waited longest for an answer.
        Who was stopped while waiting is still in the queue until their task runs again: no slot is for them.
        """
        turns = [
            (self._running[user_id] + place, ticket)
            for user_id, queue in self._queues.items()
            if user_id in whose
            for place, ticket in enumerate(ticket for ticket in queue if not ticket.admitted.cancelled())
        ]
        return [ticket for _turn, ticket in sorted(turns, key=lambda entry: entry[0])]


def _drop(counts: Counter[UUID], user_id: UUID) -> None:
    """One less; nobody is kept who has none."""
    counts[user_id] -= 1
    if not counts[user_id]:
        del counts[user_id]
