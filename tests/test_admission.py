"""Who may begin: in turns between users, so many at once, and nobody's slot is ever lost."""

import asyncio
import random
import uuid
from collections import Counter
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from chat.generating.admission import LONG_QUEUE, LOOK_AGAIN_S, TELL_AGAIN_S, Admission
from chat.generating.claiming import Full
from chat.generating.slot import Slot
from chat.models import LanguageModel

ALICE, BOB, GRACE = (uuid.UUID(int=number) for number in (1, 2, 3))
MODELS = [LanguageModel(pk=1, name="scripted", provider="openai", context_window=8000, max_output_tokens=1000)]
TOKENS = 100


class Waiter:
    """One that asks for a slot, notes what it is told, and holds the slot until ``leave``."""

    def __init__(self, admission: Admission, user_id: UUID, admitted: "list[Waiter] | None" = None) -> None:
        self.user_id = user_id
        self.positions: list[int] = []
        self.is_in = False
        self._admitted = admitted if admitted is not None else []
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._hold(admission))

    async def _hold(self, admission: Admission) -> None:
        async with admission.slot(self.user_id, MODELS, TOKENS, self.positions.append):
            self.is_in = True
            self._admitted.append(self)
            try:
                await self._leave.wait()
            finally:
                self.is_in = False

    @property
    def position(self) -> int:
        return self.positions[-1]

    async def leave(self) -> None:
        """Give the slot back."""
        self._leave.set()
        await self._task

    async def cancel(self) -> None:
        """Stop waiting or holding, as a runner that is stopped does."""
        self._task.cancel()
        await asyncio.wait([self._task])
        assert self._task.done()


async def settle() -> None:
    """Let everything that can go on go on; each hop between tasks is one turn of the loop."""
    for _ in range(5):
        await asyncio.sleep(0)


async def waiters(admission: Admission, *user_ids: UUID) -> list[Waiter]:
    """They ask in this order."""
    asked = [Waiter(admission, user_id) for user_id in user_ids]
    await settle()
    return asked


async def test_who_finds_a_slot_begins_at_once_and_is_told_no_position() -> None:
    [waiter] = await waiters(Admission(1, 1), ALICE)
    assert waiter.is_in
    assert waiter.positions == []
    await waiter.leave()


async def test_the_next_begins_when_one_leaves() -> None:
    first, second = await waiters(Admission(1, 5), ALICE, BOB)
    assert (first.is_in, second.is_in) == (True, False)
    await first.leave()
    await settle()
    assert second.is_in
    await second.leave()


async def test_one_with_a_hundred_in_the_queue_does_not_delay_anothers_first() -> None:
    admission = Admission(1, 100)
    hers = await waiters(admission, *[ALICE] * 101)
    [his] = await waiters(admission, BOB)
    assert hers[0].is_in
    assert his.position == 1
    await hers[0].leave()
    await settle()
    assert his.is_in
    for waiter in [*hers[1:], his]:
        await waiter.cancel()


async def test_users_are_served_in_turn() -> None:
    admission = Admission(1, 10)
    [first] = await waiters(admission, GRACE)
    order: list[Waiter] = []
    everyone = [Waiter(admission, user_id, order) for user_id in [ALICE] * 4 + [BOB] * 3 + [GRACE] * 2]
    await settle()
    await first.leave()
    for _ in everyone:
        await settle()
        await order[-1].leave()
    assert [waiter.user_id for waiter in order] == [ALICE, BOB, GRACE, ALICE, BOB, GRACE, ALICE, BOB, ALICE]
    ours = [waiter for waiter in order if waiter.user_id == ALICE]
    assert ours == [waiter for waiter in everyone if waiter.user_id == ALICE]


async def test_nobody_has_more_than_their_share_though_slots_are_free() -> None:
    admission = Admission(10, 2)
    hers = await waiters(admission, *[ALICE] * 4)
    assert [waiter.is_in for waiter in hers] == [True, True, False, False]
    [his] = await waiters(admission, BOB)
    assert his.is_in
    await hers[1].leave()
    await settle()
    assert [waiter.is_in for waiter in hers] == [True, False, True, False]
    for waiter in [*hers, his]:
        await waiter.cancel()


async def test_someone_over_their_share_does_not_block_the_rest() -> None:
    admission = Admission(3, 1)
    hers = await waiters(admission, ALICE, ALICE, ALICE)
    his, graces = await waiters(admission, BOB, GRACE)
    assert hers[0].is_in
    assert his.is_in
    assert graces.is_in
    for waiter in [*hers, his, graces]:
        await waiter.cancel()


async def test_positions_count_from_one_and_fall() -> None:
    admission = Admission(1, 10)
    waiting = await waiters(admission, *[ALICE] * 4)
    assert [waiter.positions for waiter in waiting] == [[], [1], [2], [3]]
    for gone, waiter in enumerate(waiting[:3]):
        await waiter.leave()
        await settle()
        assert [later.position for later in waiting[gone + 2 :]] == list(range(1, 3 - gone))
    assert waiting[3].positions == [3, 2, 1]
    await waiting[3].leave()


async def test_in_a_long_queue_not_everybody_is_told_of_each_step() -> None:
    """All of them move at each step: a thousand who wait would be told a million times."""
    admission = Admission(1, 1)
    waiting = await waiters(admission, *(UUID(int=number) for number in range(1, 4 * LONG_QUEUE)))
    assert waiting[-1].positions == [len(waiting) - 1]  # who is new knows at once
    for waiter in waiting[: 2 * LONG_QUEUE]:
        await waiter.leave()
        await settle()
    async with asyncio.timeout(20):
        while waiting[-1].position != len(waiting) - 2 * LONG_QUEUE - 1:
            await asyncio.sleep(TELL_AGAIN_S / 10)
    assert all(len(waiter.positions) < LONG_QUEUE for waiter in waiting)
    for waiter in waiting:
        await waiter.cancel()


async def test_a_newcomer_who_has_nothing_goes_before_those_who_have_something() -> None:
    admission = Admission(1, 10)
    hers = await waiters(admission, *[ALICE] * 4)
    [his] = await waiters(admission, BOB)
    everyone = [*hers[1:], his]
    assert sorted(waiter.position for waiter in everyone) == [1, 2, 3, 4]
    assert his.position == 1
    assert hers[2].positions == [2, 3]
    for waiter in [*hers, his]:
        await waiter.cancel()


async def test_who_is_cancelled_while_waiting_leaves_the_queue() -> None:
    admission = Admission(1, 10)
    first, second, third = await waiters(admission, ALICE, ALICE, ALICE)
    await second.cancel()
    assert third.positions == [2, 1]
    await first.leave()
    await settle()
    assert third.is_in
    assert not second.is_in
    await third.leave()


async def test_who_is_cancelled_in_the_moment_of_admission_gives_the_slot_on() -> None:
    """Admitted, but the task has not run since: its slot must not be lost with it."""
    admission = Admission(1, 10)
    first, second, third = await waiters(admission, ALICE, BOB, GRACE)
    first._leave.set()
    await asyncio.sleep(0)  # the first leaves; the second is admitted and does not know it yet
    assert not second.is_in
    await second.cancel()
    await settle()
    assert third.is_in
    await third.leave()


async def test_an_error_in_the_work_gives_the_slot_back() -> None:
    admission = Admission(1, 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="work"):
            async with admission.slot(ALICE, MODELS, TOKENS, lambda _: None):
                raise ValueError("work")


@pytest.mark.parametrize("seed", range(20))
async def test_no_slot_leaks_whatever_is_cancelled(seed: int) -> None:
    """Random arrivals, ends and cancellations; the limits hold at every moment, and afterwards all slots are free."""
    chance = random.Random(seed)
    slots, share = chance.randint(1, 5), chance.randint(1, 3)
    admission = Admission(slots, share)
    users = [uuid.UUID(int=number) for number in range(4)]
    everyone: list[Waiter] = []
    for _ in range(150):
        kind = chance.random()
        if kind < 0.45 or not everyone:
            everyone.append(Waiter(admission, chance.choice(users)))
        elif kind < 0.7:
            chance.choice(everyone)._leave.set()
        else:
            chance.choice(everyone)._task.cancel()
        for _ in range(chance.randint(0, 3)):
            await asyncio.sleep(0)
        running = Counter(waiter.user_id for waiter in everyone if waiter.is_in)
        assert running.total() <= slots
        assert max(running.values(), default=0) <= share
    await settle()
    idle = slots - sum(waiter.is_in for waiter in everyone)
    held = Counter(waiter.user_id for waiter in everyone if waiter.is_in)
    waiting = [waiter for waiter in everyone if not waiter.is_in and not waiter._task.done()]
    assert not idle or all(held[waiter.user_id] == share for waiter in waiting)
    assert sorted(waiter.position for waiter in waiting) == list(range(1, len(waiting) + 1))
    for waiter in everyone:
        await waiter.cancel()
    async with AsyncExitStack() as stack, asyncio.timeout(20):
        for number in range(slots):
            await stack.enter_async_context(admission.slot(UUID(int=number + 9), MODELS, TOKENS, lambda _: None))
    assert (admission.waiting, admission.running) == (0, 0)
    assert [gauge.running for gauge in admission.gauges(MODELS[0])] == [0, 0]


async def test_who_finds_the_site_full_waits_on_and_keeps_their_place() -> None:
    """Another process has the share: both wait, nobody is told anything twice, and others go on."""
    admission, room = Admission(5, 5), asyncio.Event()
    claimed: list[int] = []

    async def hold(number: int, positions: list[int]) -> None:
        async def claim(_slot: Slot) -> Full | None:
            await asyncio.sleep(0)
            return None if room.is_set() else Full.PERSON

        async with admission.slot(ALICE, MODELS, TOKENS, positions.append, claim):
            claimed.append(number)

    told: list[list[int]] = [[], [], []]
    tasks = [asyncio.create_task(hold(number, positions)) for number, positions in enumerate(told)]
    await settle()
    [his] = await waiters(admission, BOB)
    assert his.is_in
    assert (admission.running, admission.waiting) == (1, 3)
    assert [gauge.running for gauge in admission.gauges(MODELS[0])] == [1, 1]
    await asyncio.sleep(LOOK_AGAIN_S * 1.5)
    assert told == [[1], [2], [3]]
    room.set()
    await asyncio.gather(*tasks)
    assert claimed == [0, 1, 2]
    await his.leave()
    assert (admission.running, admission.waiting) == (0, 0)


async def test_who_is_cancelled_while_it_claims_gives_the_slot_back() -> None:
    admission, asked = Admission(1, 1), asyncio.Event()

    async def claim(_slot: Slot) -> Full | None:
        asked.set()
        await asyncio.Event().wait()
        return None

    async def hold() -> None:
        async with admission.slot(ALICE, MODELS, TOKENS, lambda _: None, claim):
            raise AssertionError("nothing was claimed")

    task = asyncio.create_task(hold())
    await asked.wait()
    assert (admission.running, admission.waiting) == (1, 0)
    task.cancel()
    await asyncio.wait([task])
    assert (admission.running, admission.waiting) == (0, 0)
    [next_] = await waiters(admission, BOB)
    assert next_.is_in
    await next_.leave()
