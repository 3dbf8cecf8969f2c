"""Which faults happen when: made from a seed, the same each time."""

import random
from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

Kind = Literal[
    "kill",
    "stop",
    "term",
    "cut",
    "stall",
    "provider reset",
    "provider stall",
    "redis restart",
    "redis flush",
    "redis cut",
    "redis stop",
    "postgres restart",
    "postgres terminate",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
DOWN: frozenset[Kind] = frozenset({"kill", "stop", "term"})
# Of one process; how long it stays away or hangs. Beyond the lease, others take over.
LASTS_S: dict[Kind, tuple[float, float]] = {
    "kill": (0.2, 4),
    "stop": (0.5, 22),
    "stall": (0.5, 6),
    "provider stall": (0.5, 4),
    "redis restart": (0.2, 4),
    "redis stop": (0.5, 4),
    "postgres restart": (0, 2),
}
PAUSE_S = (0.5, 3.0)
# Text that only Redis and a dead process held would be lost: two faults at once, which nobody promises to survive.
FORGETS: frozenset[Kind] = frozenset({"redis restart", "redis flush"})
APART_S = 6.0


class Fault(msgspec.Struct, frozen=True):
    """``process``: which one it hits, if it hits one."""

    at_s: float
    kind: Kind
    process: int | None = None
    lasts_s: float = 0.0


def make_plan(seed: int, seconds: float, processes: int, kinds: Sequence[Kind]) -> list[Fault]:
    """Faults over so many seconds. One process at least is always there, unless there is only one."""
    chance = random.Random(seed)
    up_again: dict[int, float] = {}
    forgotten_at = downed_at = -APART_S
    plan: list[Fault] = []
    now = chance.uniform(*PAUSE_S)
    while now < seconds:
        kind = chance.choice(kinds)
        lasts_s = round(chance.uniform(*LASTS_S.get(kind, (0, 0))), 2)
        process: int | None = None
        apart = (kind in FORGETS and now < downed_at + APART_S) or (kind in DOWN and now < forgotten_at + APART_S)
        if kind in DOWN | {"cut", "stall"}:
            process = chance.randrange(processes)
        if kind in DOWN and process is not None:
            busy = [number for number, until in up_again.items() if until > now]
            apart = apart or process in busy or (len(busy) + 1 >= processes > 1)
            if not apart:
                up_again[process], downed_at = now + lasts_s + 6, now
        if not apart:
            plan.append(Fault(round(now, 2), kind, process, lasts_s))
            if kind in FORGETS:
                forgotten_at = now + lasts_s
        now += chance.uniform(*PAUSE_S)
    return plan


def kill_in_turn(every_s: float, seconds: float, processes: int) -> list[Fault]:
    """One process after the other is killed, and is back a second later."""
    count = int(seconds / every_s)
    return [Fault((number + 1) * every_s, "kill", number % processes, 1.0) for number in range(count)]
