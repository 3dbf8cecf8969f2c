"""Whether conversations hold what was said in them in the order in which it was said, and models read them so."""

from collections import defaultdict
from collections.abc import Iterator

from .evidence import Called, Evidence, Said, Stored
from .texts import around


def spoken(evidence: Evidence) -> dict[str, list[Stored]]:
    """The questions of each conversation that are stored, in the order in which they were first sent."""
    first_said: dict[str, float] = {}
    for said in evidence.of(Said):
        if said.frame["type"] == "ai:generate":
            first_said.setdefault(said.frame["request_id"], said.at)
    found: defaultdict[str, list[Stored]] = defaultdict(list)
    for entry in evidence.of(Stored):
        if entry.request_id in first_said:
            found[entry.conversation].append(entry)
    return {key: sorted(entries, key=lambda entry: first_said[entry.request_id]) for key, entries in found.items()}


def order(evidence: Evidence) -> Iterator[str]:
    """Each question follows the answer to the one that was asked before it in the same conversation."""
    for entries in spoken(evidence).values():
        before = ""
        for entry in entries:
            if entry.question != entry.request_id:
                yield f"request {entry.request_id}: its question is that of {entry.question or 'nobody'}"
            if entry.follows != before:
                yield f"request {entry.request_id}: follows {entry.follows or 'nothing'}, not {before or 'nothing'}"
            before = entry.request_id


def pieces(evidence: Evidence) -> dict[str, list[Stored]]:
    """What wrote each message: a generation and those that continued it, from the beginning of the text."""
    found: defaultdict[str, list[Stored]] = defaultdict(list)
    for entry in evidence.of(Stored):
        found[entry.message].append(entry)
    return {key: sorted(entries, key=lambda entry: (entry.begin, entry.asked_at)) for key, entries in found.items()}


def continuations(evidence: Evidence) -> Iterator[str]:
    """What continues an answer begins where that ends, and nothing of a message is nobody's."""
    for message, entries in pieces(evidence).items():
        at = 0
        for entry in entries:
            if entry.begin != at:
                yield f"request {entry.request_id}: writes from {entry.begin} of message {message}, not from {at}"
            at = entry.begin + len(entry.text)
        if at != entries[0].message_length:
            yield f"message {message}: {entries[0].message_length} long, but {at} of it are written by somebody"


def read(evidence: Evidence) -> Iterator[str]:
    """What a model read were the whole answers to the questions before, in order; then what it is to continue."""
    texts: defaultdict[str, str] = defaultdict(str)
    for entries in pieces(evidence).values():
        texts[entries[0].question] += "".join(entry.text for entry in entries)
    before = {
        entry.request_id: [texts[other.request_id] for other in entries[:place] if texts[other.request_id]]
        for entries in spoken(evidence).values()
        for place, entry in enumerate(entries)
    }
    for call in evidence.of(Called):
        expected = before.get(call.request_id)
        if expected is None:  # of what is not stored: others look for that
            continue
        given = list(call.read[: len(expected)])
        if given != expected:
            part = next((pair for pair in zip(given, expected, strict=False) if pair[0] != pair[1]), ("", ""))
            yield f"answer {call.request_id}: its model read another conversation: {around(*part)}"
        prefix = "".join(call.read[len(expected) :])
        if not texts[call.request_id].startswith(prefix):
            yield f"answer {call.request_id}: continues {around(prefix, texts[call.request_id])}"
