"""How late Parley's event loop was during a load, from what ``/metrics`` counts: ten looks a second."""

import math
import re
import urllib.request

import msgspec

BUCKET = re.compile(r'^parley_event_loop_lag_seconds_bucket\{le="(.+)"\} (\d+)$', re.MULTILINE)
Looks = dict[float, int]  # how many were at most so many seconds late, by each bound


class Lag(msgspec.Struct, frozen=True):
    """Shares of the looks in percent; ``latest_ms`` is the bound that the latest of them did not pass."""

    looks: int
    over_5_ms: float
    over_25_ms: float
    over_100_ms: float
    latest_ms: float | None  # later than every bound there is

    def __str__(self) -> str:
        latest = "more than a second" if self.latest_ms is None else f"at most {self.latest_ms:g} ms"
        shares = f"{self.over_5_ms:.1f} / {self.over_25_ms:.1f} / {self.over_100_ms:.1f} %"
        return f"event loop later than 5 / 25 / 100 ms: {shares} of {self.looks} looks, the latest {latest}"


def look(url: str) -> Looks:
    """What a server has counted until now."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as response:
        page = response.read().decode()
    return {float(bound): int(count) for bound, count in BUCKET.findall(page)}


def between(before: Looks, after: Looks) -> Lag:
    """Of the looks that were taken meanwhile."""
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    looks = counts[math.inf]
    latest = next((bound for bound, count in counts.items() if count == looks), math.inf)

    def later(than_s: float) -> float:
        return (looks - counts[than_s]) / max(looks, 1) * 100

    worst = None if latest == math.inf else latest * 1000
    return Lag(looks, later(0.005), later(0.025), later(0.1), worst)
