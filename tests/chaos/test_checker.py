"""The checker itself: it accepts what is right, and finds each kind of forgery."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from .checker import OUTLIVES_S, violations
from .evidence import AnyNote, Called, Evidence, Frame, Ledger, Linked, Polled, Reloaded, Said, Saw, Stored, Struck
from .report import report

R = "11111111-1111-4111-8111-111111111111"
TEXT = "1.0 1.1 1.2 "
Forgery = Callable[[Evidence], None]


def frame(type_: str, after: int, **more: object) -> Frame:
    return {"type": type_, "request_id": R, "after": after, "seq": after + 1, **more}


def answer(*, epoch: int = 1) -> list[Frame]:
    """What a viewer is sent of the answer, from its beginning to its end."""
    return [
        frame("ai:start", 0, epoch=epoch),
        frame("ai:token", 1, chunk="1.0 "),
        frame("ai:token", 2, chunk="1.1 "),
        frame("ai:token", 3, chunk="1.2 "),
        frame("ai:done", 4, status="completed"),
    ]


def good() -> Evidence:
    """A run in which everything was right: two viewers, one of whom lost the connection in the middle."""
    first, second = answer(), answer()
    notes: list[AnyNote] = [Linked(at=0, viewer="a", process=0, up=True)]
    notes += [Said(at=0, viewer="a", frame={"type": "ai:generate", "request_id": R, "prompt": "Question"})]
    notes += [Saw(at=1, viewer="a", frame=sent) for sent in first[:3]]
    notes += [Linked(at=2, viewer="a", process=0, up=False), Linked(at=2, viewer="a", process=1, up=True)]
    notes += [Saw(at=3, viewer="a", frame=sent) for sent in first[2:]]  # with a duplicate
    notes += [Saw(at=3, viewer="b", frame=sent) for sent in second]
    notes += [Polled(at=1, user="u", used=0, reserved=100, limit=100)]
    notes += [Called(at=0.5, process=0, request_id=R, text=TEXT, complete=True, closed_at=4.0)]
    notes += [
        Stored(
            at=9,
            request_id=R,
            generations=1,
            prompts=1,
            status="completed",
            finished_at=4.0,
            text=TEXT,
            reservations=("settled",),
        )
    ]
    notes += [Ledger(at=9, user="u", used=7, reserved=0, settled=7)]
    notes += [Reloaded(at=9, request_id=R, status="completed", text=TEXT)]
    return Evidence(notes)


def change(kind: type[AnyNote], **fields: object) -> Forgery:
    """Alter all notes of a kind."""

    def forge(evidence: Evidence) -> None:
        evidence.notes = [
            msgspec.structs.replace(note, **fields) if isinstance(note, kind) else note for note in evidence.notes
        ]

    return forge


def change_frame(type_: str, viewer: str, **fields: object) -> Forgery:
    """Alter the first frame of this type that a viewer was sent."""

    def forge(evidence: Evidence) -> None:
        note = next(n for n in evidence.of(Saw) if n.viewer == viewer and n.frame["type"] == type_)
        note.frame.update(fields)

    return forge


def change_frames(type_: str, other: str) -> Forgery:
    """Make all frames of one type frames of another."""

    def forge(evidence: Evidence) -> None:
        for note in evidence.of(Saw):
            note.frame["type"] = other if note.frame["type"] == type_ else note.frame["type"]

    return forge


def drop(kind: type[AnyNote], type_: str = "", viewer: str = "") -> Forgery:
    """Take notes out: all of a kind, or a viewer's frames of a type."""

    def forge(evidence: Evidence) -> None:
        evidence.notes = [
            note
            for note in evidence.notes
            if not isinstance(note, kind)
            or (isinstance(note, Saw) and (note.frame["type"] != type_ or note.viewer != viewer))
        ]

    return forge


def then(*notes: AnyNote) -> Forgery:
    return lambda evidence: evidence.notes.extend(notes)


FORGERIES: dict[str, tuple[Forgery, str]] = {
    "a character that was lost": (change_frame("ai:token", "b", chunk="1.0"), "held"),
    "a word that was doubled": (change_frame("ai:token", "a", chunk="1.0 1.0 "), "held"),
    "another text at the same cursor": (change_frame("ai:token", "b", chunk=""), "others hold another text"),
    "a log that begins in the middle": (change_frame("ai:token", "b", after=0), "begins with"),
    "news after the end": (then(Saw(at=5, viewer="b", frame=frame("ai:token", 5, chunk="2"))), "follows the end"),
    "an end that nobody stored": (change_frame("ai:done", "b", status="cancelled"), "viewers were told"),
    "an end that was never told": (drop(Saw, "ai:done", "b"), "never told the end"),
    "a generation that never ended": (change(Stored, status="running", finished_at=None), "still running"),
    "words missing in what is stored": (change(Stored, text="1.0 1.2 "), "lost or doubled"),
    "a word stored in part": (change(Stored, text="1.0 1.1 1."), "is cut"),
    "calls that are mixed": (change(Stored, text="1.0 2.0 1.1 "), "calls are mixed"),
    "half an answer that says it is whole": (change(Stored, text="1.0 1.1 "), "not with all"),
    "an acknowledged message that is gone": (drop(Stored), "acknowledged and not there"),
    "a message stored twice": (change(Stored, prompts=2), "stored 2 prompts"),
    "an answer generated twice": (change(Stored, generations=2), "2 generations"),
    "an answer nobody asked for": (
        then(
            Stored(
                at=9,
                request_id="x",
                generations=1,
                prompts=1,
                status="completed",
                finished_at=4.0,
                text="",
                reservations=("settled",),
            )
        ),
        "nobody asked for it",
    ),
    "a reservation still held": (change(Stored, reservations=("held",)), "reservations are"),
    "a reservation that is missing": (change(Stored, reservations=("none",)), "reservations are"),
    "tokens left reserved": (change(Ledger, reserved=5), "still reserved"),
    "a second settlement": (change(Ledger, used=14), "but settled 7"),
    "a budget exceeded for a moment": (change(Polled, used=1), "1 + 100 > 100"),
    "a budget exceeded as a client was told": (
        change_frame("ai:done", "a", budget={"used": 60, "reserved": 50, "limit": 100}),
        "60 + 50 > 100",
    ),
    "a call that outlived its answer": (change(Called, closed_at=4.1 + OUTLIVES_S), "outlived it"),
    "a call that is still open": (change(Called, closed_at=None), "still open"),
    "a call for nothing": (change(Called, request_id=""), "for what is not stored"),
    "a reload that shows less": (change(Reloaded, text="1.0 "), "a reload shows"),
    "a reload that shows another end": (change(Reloaded, status="interrupted"), "a reload shows"),
    "no reload at all": (drop(Reloaded), "no Reloaded in the evidence"),
    "no word for anybody": (change_frames("ai:token", "ai:thinking"), "nobody saw a single word"),
}


def test_what_is_right_is_accepted() -> None:
    assert violations(good()) == []


@pytest.mark.parametrize("name", FORGERIES)
def test_finds(name: str) -> None:
    forge, sentence = FORGERIES[name]
    evidence = good()
    forge(evidence)
    assert any(sentence in found for found in violations(evidence)), violations(evidence)


def test_nothing_at_all_is_not_right() -> None:
    assert violations(Evidence())


def test_a_stopped_process_may_close_its_call_when_it_is_let_go_on() -> None:
    evidence = good()
    change(Called, closed_at=20.5)(evidence)
    assert violations(evidence)
    then(Struck(at=2, kind="stop", process=0, until=20.0))(evidence)
    assert violations(evidence) == []
    then(Called(at=1, process=1, request_id=R, text="", complete=False, closed_at=20.5))(evidence)
    assert violations(evidence), "another process has no such excuse"


def test_a_gap_is_not_applied_but_resumed() -> None:
    evidence = good()
    gap = Saw(at=1, viewer="c", frame=frame("ai:token", 3, chunk="1.2 "))
    evidence.notes += [gap, *[Saw(at=2, viewer="c", frame=sent) for sent in answer(epoch=2)]]
    assert violations(evidence) == []


def test_evidence_survives_being_saved(tmp_path: Path) -> None:
    good().save(tmp_path / "run.jsonl")
    loaded = Evidence.load(tmp_path / "run.jsonl")
    assert loaded.notes == good().notes


def test_a_failure_names_the_seed_and_when_each_fault_struck() -> None:
    evidence = good()
    then(Struck(at=2, kind="kill", process=1, until=3.5))(evidence)
    change(Ledger, reserved=5)(evidence)
    found = report(evidence, 17, [], 2)
    assert "seed 17" in found.text
    assert "2.00 s  kill of process 1, 1.50 s" in found.text
    assert "VIOLATION: u: 5 tokens are still reserved" in found.text


def test_a_process_that_nobody_got_through_to_proves_nothing() -> None:
    assert not report(good(), 17, [], 2).violations
    assert report(good(), 17, [], 3).violations == ["nobody ever got through to process 2"]
