"""Sliding windows: exact, bounded, and honest about when to come back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rate_limits import RateLimited, RateLimiter, SlidingWindow


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> SlidingWindow:
    return SlidingWindow(clock=clock)


def test_so_many_pass_and_the_next_hears_when(window: SlidingWindow, clock: Clock) -> None:
    for _ in range(3):
        assert window.hit("alice", 3, 60) is None
        clock.now += 5
    assert window.hit("alice", 3, 60) == RateLimited(45)
    assert window.hit("bob", 3, 60) is None
    clock.now += 45
    assert window.hit("alice", 3, 60) is None
    assert window.hit("alice", 3, 60) == RateLimited(5)


def test_what_was_refused_does_not_count(window: SlidingWindow, clock: Clock) -> None:
    window.hit("alice", 1, 60)
    for _ in range(59):
        clock.now += 1
        assert window.hit("alice", 1, 60)
    clock.now += 1
    assert window.hit("alice", 1, 60) is None


def test_a_lowered_limit_counts_what_passed_before(window: SlidingWindow, clock: Clock) -> None:
    for _ in range(4):
        window.hit("alice", 4, 60)
        clock.now += 1
    assert window.hit("alice", 2, 60) == RateLimited(58)


def test_a_limit_of_0_lets_nothing_pass_and_keeps_nothing(window: SlidingWindow) -> None:
    assert window.hit("alice", 0, 60) == RateLimited(60)
    assert len(window) == 0


def test_the_header_is_in_whole_seconds_and_never_too_early() -> None:
    assert RateLimited(0.2).retry_after_header == "1"
    assert RateLimited(59.01).retry_after_header == "60"


def test_keys_whose_windows_have_passed_are_forgotten(window: SlidingWindow, clock: Clock) -> None:
    for number in range(1000):
        window.hit(f"key {number}", 5, 60)
    clock.now += 60
    window.hit("alice", 5, 60)
    assert len(window) == 1


def test_memory_is_bounded_and_whoever_keeps_coming_stays_limited(clock: Clock) -> None:
    window = SlidingWindow(max_keys=100, clock=clock)
    window.hit("alice", 1, 60)
    for number in range(1000):
        window.hit(f"key {number}", 5, 60)
        assert len(window) <= 100
        assert window.hit("alice", 1, 60)


@given(st.lists(st.floats(0, 20), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit(waits: list[float], limit: int) -> None:
    clock = Clock()
    window = SlidingWindow(clock=clock)
    passed: list[float] = []
    for wait in waits:
        clock.now += wait
        refused = window.hit("alice", limit, 30)
        inside = [time for time in passed if time > clock.now - 30]
        assert (refused is None) == (len(inside) < limit)
        if refused is None:
            passed.append(clock.now)
        else:
            assert 0 < refused.retry_after_s <= 30


def test_threads_together_get_no_more_than_the_limit(window: SlidingWindow) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda _: window.hit("alice", 50, 60), range(400))).count(None) == 50


async def test_the_asynchronous_twin_counts_the_same(window: SlidingWindow) -> None:
    limiter: RateLimiter = window
    assert await limiter.ahit("alice", 1, 60) is None
    assert limiter.hit("alice", 1, 60) == RateLimited(60)


def test_a_hit_may_be_taken_back_and_a_key_forgotten(window: SlidingWindow) -> None:
    for key in ("alice", "bob"):
        assert [window.hit(key, 2, 60) is None for _ in range(3)] == [True, True, False]
    window.take_back("alice")
    window.take_back("nobody")
    assert [window.hit("alice", 2, 60) is None for _ in range(2)] == [True, False]
    window.forget("alice")
    assert [window.hit(key, 2, 60) is None for key in ("alice", "bob")] == [True, False]
    window.clear()
    assert window.hit("bob", 2, 60) is None
