"""Proves from a run's notes that what Parley promises was kept; each violation is a sentence."""

from collections import defaultdict
from collections.abc import Iterator

from .causes import causes, takeovers
from .evidence import Called, Evidence, Ledger, Polled, Reloaded, Said, Saw, Stored, Struck
from .order import continuations, order, read
from .texts import around, cursors, prefixes, seen, words

FINAL = {"completed", "cancelled", "interrupted", "truncated", "failed"}
ASKS = {"ai:generate", "ai:regenerate", "ai:continue"}
OUTLIVES_S = 1.0


def violations(evidence: Evidence) -> list[str]:
    """Everything that was not as promised; of a run in which nothing happened, that."""
    return [sentence for check in CHECKS for sentence in check(evidence)]


def something_happened(evidence: Evidence) -> Iterator[str]:
    """Without this a run that failed to run would pass."""
    if not any(saw.frame["type"] == "ai:token" for saw in evidence.of(Saw)):
        yield "nobody saw a single word"
    for kind in (Said, Polled, Called, Stored, Ledger, Reloaded):
        if not evidence.of(kind):
            yield f"there is no {kind.__name__} in the evidence"


def acknowledged(evidence: Evidence) -> Iterator[str]:
    """Each acknowledged message is there once, each other at most once."""
    stored = {entry.request_id: entry for entry in evidence.of(Stored)}
    acks = {saw.frame["request_id"] for saw in evidence.of(Saw) if saw.frame["type"] in {"ai:start", "ai:queued"}}
    asked = {said.frame["request_id"]: said.frame["type"] for said in evidence.of(Said) if said.frame["type"] in ASKS}
    for request_id in sorted(asked.keys() | acks):
        entry = stored.get(request_id)
        counts = (entry.prompts, entry.generations) if entry else (0, 0)
        if max(counts) > 1:
            yield f"request {request_id}: stored {counts[0]} prompts and {counts[1]} generations"
        elif request_id in acks and counts != (int(asked.get(request_id) != "ai:continue"), 1):
            yield f"request {request_id}: acknowledged and not there"
    for request_id in stored.keys() - asked.keys():
        yield f"request {request_id}: nobody asked for it"


def ends(evidence: Evidence) -> Iterator[str]:
    """Everything acknowledged has one final state, the same for all, and who asked was told."""
    stored = {entry.request_id: entry for entry in evidence.of(Stored)}
    for entry in stored.values():
        if entry.status not in FINAL or entry.finished_at is None:
            yield f"answer {entry.request_id}: still {entry.status} in the end"
    told: defaultdict[str, set[str]] = defaultdict(set)
    viewers: defaultdict[str, set[str]] = defaultdict(set)
    for saw, held, _wrong in seen(evidence):
        request_id = saw.frame["request_id"]
        if held.ended:
            told[request_id].add(saw.frame.get("status", "failed"))
            viewers[request_id].add(saw.viewer)
    for request_id, statuses in told.items():
        if len(statuses) > 1 or request_id not in stored or statuses != {stored[request_id].status}:
            kept = stored[request_id].status if request_id in stored else "nothing"
            yield f"answer {request_id}: viewers were told {sorted(statuses)}, stored is {kept}"
    watching = {
        (saw.viewer, saw.frame["request_id"])
        for saw in evidence.of(Saw)
        if saw.frame["type"] in {"ai:start", "ai:queued"}
    }
    for viewer, request_id in sorted(watching):
        if viewer not in viewers[request_id]:
            yield f"{viewer}, answer {request_id}: never told the end"


def settlements(evidence: Evidence) -> Iterator[str]:
    """One reservation for each answer, ended once; accounts are the sum of them."""
    for entry in evidence.of(Stored):
        if entry.generations and entry.reservations not in {("settled",), ("released",)}:
            yield f"answer {entry.request_id}: its reservations are {list(entry.reservations)}"
    for ledger in evidence.of(Ledger):
        if ledger.reserved:
            yield f"{ledger.user}: {ledger.reserved} tokens are still reserved in the end"
        if ledger.used != ledger.settled:
            yield f"{ledger.user}: used {ledger.used}, but settled {ledger.settled}"


def limits(evidence: Evidence) -> Iterator[str]:
    """used + reserved <= limit, in every poll and in all that clients were told."""
    for poll in evidence.of(Polled):
        if poll.limit is not None and poll.used + poll.reserved > poll.limit:
            yield f"{poll.at:.3f} {poll.user}: {poll.used} + {poll.reserved} > {poll.limit}"
    for saw in evidence.of(Saw):
        budget = saw.frame if saw.frame["type"] == "budget" else saw.frame.get("budget")
        if budget and budget["limit"] is not None and budget["used"] + budget["reserved"] > budget["limit"]:
            yield f"{saw.at:.3f} {saw.viewer}: was told {budget['used']} + {budget['reserved']} > {budget['limit']}"


def upstreams(evidence: Evidence) -> Iterator[str]:
    """No call outlives its answer; a process that was stopped gets the moment after it was let go on."""
    for call in evidence.of(Called):
        if call.closed_at is None:
            yield f"answer {call.request_id}: a call of process {call.process} is still open"
            continue
        finished_at = _finished_at(call, evidence)
        if finished_at is None:
            yield f"answer {call.request_id}: a call of process {call.process} for what is not stored"
            continue
        held_up = [struck.until for struck in evidence.of(Struck) if _holds_up(struck, call, finished_at)]
        late = call.closed_at - max([finished_at, *held_up])
        if late > OUTLIVES_S:
            yield f"answer {call.request_id}: a call of process {call.process} outlived it by {late:.1f} s"


def _finished_at(call: Called, evidence: Evidence) -> float | None:
    """When the answer had ended for which the call was made: of those to one question, the newest at that moment."""
    to_it = [entry for entry in evidence.of(Stored) if entry.question == call.request_id]
    before = [entry for entry in to_it if entry.asked_at <= call.at] or to_it
    return max(before, key=lambda entry: entry.asked_at).finished_at if before else None


def reloads(evidence: Evidence) -> Iterator[str]:
    """Who reads in the end reads what is stored."""
    reloaded = {entry.request_id: entry for entry in evidence.of(Reloaded)}
    for entry in evidence.of(Stored):
        found = reloaded.get(entry.request_id)
        if found is None:
            yield f"answer {entry.request_id}: nobody looked at it in the end"
        elif (found.status, found.text) != (entry.status, entry.text):
            yield f"answer {entry.request_id}: a reload shows {found.status}, {around(found.text, entry.text)}"


def _holds_up(struck: Struck, call: Called, finished_at: float) -> bool:
    """Whether the fault kept the process from closing, or the provider from hearing of it."""
    concerns = struck.process == call.process if struck.kind == "stop" else struck.kind == "provider stall"
    return concerns and struck.at <= (call.closed_at or 0) and struck.until >= finished_at


CHECKS = (
    *(something_happened, prefixes, cursors, words, acknowledged, ends, settlements, limits, upstreams, reloads),
    *(order, continuations, read, takeovers, causes),
)
