"""What viewers held, frame by frame, and whether it was always the beginning of what was stored."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator

from .evidence import Called, Evidence, Frame, Saw, Stored

MARK = re.compile(r"(\d+)\.(\d+) ")  # call and index: no two calls say the same


class Held:
    """What one viewer holds of one answer, by the table of protocol.md."""

    def __init__(self) -> None:
        self.cursor = 0
        self.epoch: int | None = None
        self.text = ""
        self.ended = False

    def apply(self, frame: Frame) -> str:
        """What is wrong with the frame; empty for those that may be sent, gaps and duplicates too."""
        if frame["after"] == 0:
            if frame["type"] != "ai:start":
                return f"a log begins with {frame['type']}"
            self.cursor, self.epoch, self.text, self.ended = frame["seq"], frame["epoch"], "", False
            return ""
        if frame["seq"] <= self.cursor or frame["after"] != self.cursor:
            return ""
        if self.ended:
            return f"{frame['type']} follows the end"
        self.cursor = frame["seq"]
        if frame["type"] == "ai:token":
            self.text += frame["chunk"]
        self.ended = frame["type"] in {"ai:done", "ai:error"}
        return ""


def seen(evidence: Evidence) -> Iterator[tuple[Saw, Held, str]]:
    """Each frame with events, what its viewer holds after it, and what is wrong with the frame."""
    holding: defaultdict[tuple[str, str], Held] = defaultdict(Held)
    for saw in evidence.of(Saw):
        if "seq" in saw.frame:
            held = holding[saw.viewer, saw.frame["request_id"]]
            yield saw, held, held.apply(saw.frame)


def prefixes(evidence: Evidence) -> Iterator[str]:
    """What a viewer held was at all times a prefix of the final text."""
    final = {stored.request_id: stored.text for stored in evidence.of(Stored)}
    told: set[tuple[str, str]] = set()
    for saw, held, wrong in seen(evidence):
        request_id = saw.frame["request_id"]
        text = final.get(request_id, "")
        sentence = wrong or ("" if text.startswith(held.text) else f"held {around(held.text, text)}")
        if sentence and (saw.viewer, request_id) not in told:
            told.add((saw.viewer, request_id))
            yield f"{saw.at:.3f} {saw.viewer}, answer {request_id}: {sentence}"


def cursors(evidence: Evidence) -> Iterator[str]:
    """At the same cursor of the same numbering everybody holds the same."""
    texts: dict[tuple[str, int | None, int], str] = {}
    for saw, held, _wrong in seen(evidence):
        key = (saw.frame["request_id"], held.epoch, held.cursor)
        if texts.setdefault(key, held.text) != held.text:
            yield f"{saw.viewer}, answer {key[0]}: at epoch {key[1]}, cursor {key[2]} others hold another text"
            texts[key] = held.text


def words(evidence: Evidence) -> Iterator[str]:
    """An answer is made of its calls, one after the other; of each its words from the first on, none twice."""
    complete = {(call.request_id, call.text) for call in evidence.of(Called) if call.complete}
    for stored in evidence.of(Stored):
        marks = [(int(call), int(index)) for call, index in MARK.findall(stored.text)]
        if stored.text != "".join(f"{call}.{index} " for call, index in marks):
            yield f"answer {stored.request_id}: a word in it is cut"
        calls: list[int] = []
        for call, run in itertools.groupby(marks, key=lambda mark: mark[0]):
            calls.append(call)
            indices = [index for _call, index in run]
            if indices != list(range(len(indices))):
                yield f"answer {stored.request_id}: words of call {call} are lost or doubled: {indices[:5]}…"
        if len(calls) != len(set(calls)):
            yield f"answer {stored.request_id}: calls are mixed: {calls}"
        whole = any(request_id == stored.question and stored.text.endswith(text) for request_id, text in complete)
        if stored.status == "completed" and not whole:
            yield f"answer {stored.request_id}: completed, but not with all that the provider sent"


def around(text: str, final: str) -> str:
    """Both texts about where they part."""
    part = next((i for i, (one, other) in enumerate(zip(text, final, strict=False)) if one != other), len(final))
    begin = max(part - 20, 0)
    return f"“…{text[begin : part + 20]}”, final is “…{final[begin : part + 20]}” ({len(text)} and {len(final)} long)"
