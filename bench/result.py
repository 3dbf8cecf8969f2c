"""A load, and what was measured of a subject under it."""

import msgspec

from .lag import Lag


class Load(msgspec.Struct, frozen=True):
    """``rate`` 0: as fast as it goes."""

    streams: int
    rate: float
    tokens: int

    @property
    def lasts_s(self) -> float:
        return self.tokens / self.rate if self.rate else 0.0


class Result(msgspec.Struct, frozen=True):
    """Delays in ms over all tokens; CPU in seconds per million tokens. What is ``steady`` is from when all have begun
    until the first one ends, and None where there is no such time; ``at_once`` is how many were being written together
    at most. ``beside_cpu`` is what database and Redis work for it, where they are processes; ``waited`` the percentage
    of the time in which it wanted a core and had none."""

    subject: str
    load: Load
    at_once: int
    failed: int
    first_p50: float
    p50: float
    p99: float
    worst: float
    steady_p99: float | None
    tokens_per_s: float
    cpu: float
    steady_cpu: float | None
    beside_cpu: float
    bytes_per_token: float
    tokens_per_frame: float
    waited: float
    lag: Lag | None
    steady_lag: Lag | None
