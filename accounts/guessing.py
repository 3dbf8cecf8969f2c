"""How many passwords may be tried: counted before anybody looks whether they are right, exactly, for all processes."""

import contextlib
import os
import threading
from collections.abc import Iterator

from .digests import digest
from .rate_limits import limiter

FAILURES_WINDOW_S = 300.0
OF_ACCOUNT, OF_ADDRESS = 5, 60  # a whole office comes from one address: what is counted closely is one account
TRIES, TRIES_WINDOW_S = 200, 60.0  # of an address, wrong or not: each of them costs a hash
HASHES_AT_ONCE = max(1, (os.cpu_count() or 1) - 1)
PATIENCE_S = 60.0
_turns = threading.BoundedSemaphore(HASHES_AT_ONCE)


class Busy(Exception):
    """So many are before one that nobody should wait."""


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """A hash takes a core for a good part of a second, and its request a connection to the database meanwhile: who
    only reads answers is not to notice how many sign in. Raises Busy."""
    if not _turns.acquire(timeout=PATIENCE_S):
        raise Busy
    try:
        yield
    finally:
        _turns.release()


class Attempt:
    """One password for one account, from one network address."""

    def __init__(self, address: str, account: str) -> None:
        self._tries = f"passwords:tries:{address}"
        self._of_address = f"passwords:from:{address}"
        self._of_account = _key(account)

    def refused(self) -> bool:
        """Whether it may not even be looked at; else it counts as a failure until it is said to be none."""
        return bool(
            limiter.hit(self._tries, TRIES, TRIES_WINDOW_S)
            or limiter.hit(self._of_address, OF_ADDRESS, FAILURES_WINDOW_S)
            or limiter.hit(self._of_account, OF_ACCOUNT, FAILURES_WINDOW_S)
        )

    def take_back(self) -> None:
        """It was no failure. Those before it still count: else a right password now and then would hide them."""
        limiter.take_back(self._of_address)
        limiter.take_back(self._of_account)


def start_afresh(account: str) -> None:
    """Whoever has just proved that the account is theirs does not wait."""
    limiter.forget(_key(account))


def _key(account: str) -> str:
    """Addresses are nobody's business who looks at the counts."""
    return f"passwords:for:{digest(account.lower())}"
