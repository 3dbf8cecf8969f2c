"""A run in words: what was struck and when, what became of the answers, and what was not as promised."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from .checker import violations
from .evidence import Called, Evidence, Linked, Note, Saw, Stored, Struck
from .plan import Fault

SHOWN = 30
BROKEN = {"interrupted", "failed", "truncated"}


class Report(msgspec.Struct, frozen=True):
    text: str
    violations: list[str]


def report(evidence: Evidence, seed: int, plan: Sequence[Fault], processes: int) -> Report:
    found = violations(evidence)
    visited = {link.process for link in evidence.of(Linked)}
    found += [f"nobody ever got through to process {number}" for number in range(processes) if number not in visited]
    lines = [f"seed {seed}: {len(plan)} faults", *timeline(evidence), *figures(evidence)]
    lines += [f"VIOLATION: {sentence}" for sentence in found[:SHOWN]]
    lines.append(f"{len(found)} violations" if found else "Everything was as promised.")
    return Report("\n".join(lines), found)


def timeline(evidence: Evidence) -> list[str]:
    """The faults, in seconds since the run began."""
    begun = min((note.at for note in evidence.notes if isinstance(note, Note)), default=0.0)
    lines = []
    for struck in sorted(evidence.of(Struck), key=lambda fault: fault.at):
        where = f" of process {struck.process}" if struck.process is not None else ""
        lines.append(f"{struck.at - begun:7.2f} s  {struck.kind}{where}, {struck.until - struck.at:.2f} s")
    return lines


def figures(evidence: Evidence) -> list[str]:
    stored = evidence.of(Stored)
    ends = Counter(
        f"{entry.status} ({entry.finish_reason})" if entry.status in BROKEN else entry.status for entry in stored
    )
    long = sum(count > 1 for count in Counter(entry.conversation for entry in stored).values())
    continued = sum(entry.begin > 0 for entry in stored)
    listened = {saw.viewer for saw in evidence.of(Saw) if saw.viewer.startswith("listener")}
    taken = sum(entry.takeovers > 0 for entry in stored)
    frames = sum("seq" in saw.frame for saw in evidence.of(Saw))
    lost = sum(not link.up for link in evidence.of(Linked))
    refused = Counter(
        saw.frame["code"] for saw in evidence.of(Saw) if saw.frame["type"] == "ai:error" and "seq" not in saw.frame
    )
    return [
        f"{len(stored)} answers: " + ", ".join(f"{count} {status}" for status, count in ends.most_common()),
        f"{long} conversations of several, {continued} continue others, {len(listened)} read as event streams",
        f"{taken} taken over, {len(evidence.of(Called))} calls, {frames} frames with events, {lost} connections lost",
        "refused: " + (", ".join(f"{count} {code}" for code, count in refused.most_common()) or "nothing"),
        *pauses(evidence),
    ]


def pauses(evidence: Evidence) -> list[str]:
    """How long who asked saw nothing of a living answer."""
    last: dict[tuple[str, str], float] = {}
    longest: dict[tuple[str, str], float] = {}
    for saw in evidence.of(Saw):
        if "seq" in saw.frame and saw.viewer.startswith("asker"):
            key = (saw.viewer, saw.frame["request_id"])
            longest[key] = max(longest.get(key, 0.0), saw.at - last.get(key, saw.at))
            last[key] = saw.at
    found = sorted(longest.values())
    if not found:
        return []
    return [f"longest pause of an answer, s: p50 {found[len(found) // 2]:.2f}, max {found[-1]:.2f}"]
