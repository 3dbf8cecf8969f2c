"""Plans: the same from the same seed, and never more than is promised to be survived."""

import pytest

from .plan import APART_S, DOWN, FORGETS, KINDS, kill_in_turn, make_plan

SEEDS = range(50)


def test_a_seed_makes_the_same_plan_again() -> None:
    assert make_plan(7, 60, 3, KINDS) == make_plan(7, 60, 3, KINDS)
    assert make_plan(7, 60, 3, KINDS) != make_plan(8, 60, 3, KINDS)


def test_all_faults_happen_sooner_or_later() -> None:
    assert {fault.kind for seed in SEEDS for fault in make_plan(seed, 60, 3, KINDS)} == set(KINDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_process_is_always_there(seed: int) -> None:
    down = [fault for fault in make_plan(seed, 120, 3, KINDS) if fault.kind in DOWN]
    for fault in down:
        others = {other.process for other in down if other.at_s <= fault.at_s <= other.at_s + other.lasts_s}
        assert len(others | {fault.process}) < 3


@pytest.mark.parametrize("seed", SEEDS)
def test_redis_does_not_forget_while_a_process_dies(seed: int) -> None:
    plan = make_plan(seed, 120, 3, KINDS)
    for forgets in (fault for fault in plan if fault.kind in FORGETS):
        assert not any(0 <= forgets.at_s - fault.at_s < APART_S for fault in plan if fault.kind in DOWN)


def test_kills_in_turn_come_round() -> None:
    assert [(fault.at_s, fault.process) for fault in kill_in_turn(5, 20, 3)] == [(5, 0), (10, 1), (15, 2), (20, 0)]
