"""Waiting for what other processes do."""

import time
from collections.abc import Callable

TIMEOUT_S = 30.0


def until(condition: Callable[[], object], otherwise: str = "it did not happen", timeout_s: float = TIMEOUT_S) -> None:
    """Wait for it to become true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.05)
