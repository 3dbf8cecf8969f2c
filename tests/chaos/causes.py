"""Whether what did not come to its end had a reason, and was taken over as often as it may be: once."""

import itertools
from collections.abc import Iterator

from .evidence import Evidence, Stored, Struck
from .texts import MARK

DOWN = {"kill", "stop", "term"}
OF_THE_PROVIDER = {"provider reset", "provider stall"}
ONCE = 1  # how often an answer is taken over; when the next process is struck, too, it ends
LASTS_S = 60.0  # how long after a fault its consequences are seen: a lease, a look for it, the provider's time limit


def takeovers(evidence: Evidence) -> Iterator[str]:
    """An answer that was left behind goes on once, and ends only when that one is left behind, too."""
    downs = [struck for struck in evidence.of(Struck) if struck.kind in DOWN]
    for entry in evidence.of(Stored):
        name, count = f"answer {entry.request_id}", entry.takeovers
        writers = [call for call, _marks in itertools.groupby(int(call) for call, _index in MARK.findall(entry.text))]
        if len(writers) > 1 + min(count, ONCE):
            yield f"{name}: {len(writers)} calls wrote it, but it was taken over {count} times"
        if count > len(_near(entry, downs)):
            yield f"{name}: taken over {count} times, but that often no process was struck"
        if count > ONCE and entry.status == "completed":
            yield f"{name}: went on after it had been taken over {count} times"
        if entry.finish_reason == "shutdown" and count <= ONCE:
            yield f"{name}: ended by a shutdown, but could have gone on ({count} takeovers)"


def causes(evidence: Evidence) -> Iterator[str]:
    """What broke off otherwise broke off because of the provider, or of a line to it that was struck."""
    struck = [fault for fault in evidence.of(Struck) if fault.kind in OF_THE_PROVIDER]
    for entry in evidence.of(Stored):
        broken = entry.status in {"interrupted", "failed"} and entry.finish_reason != "shutdown"
        if broken and not _near(entry, struck):
            how = f"{entry.status} ({entry.finish_reason})"
            yield f"answer {entry.request_id}: {how}, and nothing had struck its provider"


def _near(entry: Stored, faults: list[Struck]) -> list[Struck]:
    """Those that struck in its life, or whose consequences reached into it."""
    end = entry.finished_at or float("inf")
    return [fault for fault in faults if fault.at <= end and fault.until + LASTS_S >= entry.asked_at]
