"""Evidence of a run in which all is right, and how to make each kind of lie of it."""

from collections.abc import Callable

import msgspec

from .checker import OUTLIVES_S
from .evidence import AnyNote, Called, Evidence, Frame, Ledger, Linked, Polled, Reloaded, Said, Saw, Stored

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
            question=R,
            conversation="c",
            message="m",
            message_length=len(TEXT),
        )
    ]
    notes += [Ledger(at=9, user="u", used=7, reserved=0, settled=7)]
    notes += [Reloaded(at=9, request_id=R, status="completed", text=TEXT)]
    return Evidence(notes)


SECOND, THIRD = (R.replace("1", number) for number in "23")


MORE = "2.0 2.1 "


def conversation() -> Evidence:
    """A longer run: the answer to a second question was stopped, and continued by a third request."""
    evidence = good()
    ask = {"type": "ai:generate", "request_id": SECOND, "prompt": "Question", "conversation_id": "c"}
    go_on = {"type": "ai:continue", "request_id": THIRD, "message_id": "n"}
    [first] = evidence.of(Stored)
    second = msgspec.structs.replace(
        first, request_id=SECOND, question=SECOND, follows=R, message="n", message_length=len(MORE),
        text="2.0 ", status="cancelled", asked_at=5.0, finished_at=6.0,
    )  # fmt: skip
    third = msgspec.structs.replace(
        second, request_id=THIRD, prompts=0, begin=4, text="3.0 ", status="completed", asked_at=7.0, finished_at=8.0
    )
    evidence.notes += [Said(at=5, viewer="a", frame=ask), Said(at=7, viewer="a", frame=go_on), second, third]
    calls = [("2.0 ", False, 5.5, (TEXT,)), ("3.0 ", True, 7.5, (TEXT, "2.0 "))]
    for text, complete, at, read in calls:
        evidence.add(
            Called(at=at, process=0, request_id=SECOND, text=text, complete=complete, closed_at=at + 0.5, read=read)
        )
    evidence.notes += [
        Reloaded(at=9, request_id=entry.request_id, status=entry.status, text=entry.text) for entry in (second, third)
    ]
    return evidence


def change_one(kind: type[Stored] | type[Called], number: int, **fields: object) -> Forgery:
    """Alter one note of a kind."""

    def forge(evidence: Evidence) -> None:
        note = evidence.of(kind)[number]
        evidence.notes[evidence.notes.index(note)] = msgspec.structs.replace(note, **fields)

    return forge


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


OF_CONVERSATIONS: dict[str, tuple[Forgery, str]] = {
    "questions in another order": (change_one(Stored, 1, follows=""), f"follows nothing, not {R}"),
    "a question that follows another one": (change_one(Stored, 1, follows="x"), f"follows x, not {R}"),
    "a first question that follows one": (change_one(Stored, 0, follows="x"), "follows x, not nothing"),
    "a question under another one's name": (change_one(Stored, 1, question=R), "its question is that of"),
    "a continuation that overwrites": (change_one(Stored, 2, begin=3), "writes from 3 of message n, not from 4"),
    "a continuation after a gap": (change_one(Stored, 2, begin=5), "writes from 5"),
    "text that nobody wrote": (change_one(Stored, 1, message_length=12), "12 long, but 8"),
    "a continuation with a question of its own": (change_one(Stored, 2, prompts=1), "acknowledged and not there"),
    "a model that read half of the answer before": (change_one(Called, 1, read=("1.0 1.1 ",)), "read another"),
    "a model that read nothing of what was before": (change_one(Called, 1, read=()), "read another"),
    "a continuation of something else": (change_one(Called, 2, read=(TEXT, "2.1 ")), "continues"),
    "a call that outlived the answer it was for": (change_one(Called, 1, closed_at=7.5), "outlived it"),
}


def acknowledged(evidence: Evidence) -> Evidence:
    """Who asked was told of all of it, from the start to the end."""
    for entry in evidence.of(Stored)[1:]:
        sent = [
            frame("ai:start", 0, epoch=1),
            frame("ai:token", 1, chunk=entry.text),
            frame("ai:done", 2, status=entry.status),
        ]
        evidence.notes += [Saw(at=9, viewer="a", frame=one | {"request_id": entry.request_id}) for one in sent]
    return evidence
