"""The checker itself: it accepts what is right, and finds each kind of forgery."""

from pathlib import Path

import pytest

from .checker import violations
from .evidence import Called, Evidence, Ledger, Saw, Stored, Struck
from .forgeries import FORGERIES, OF_CONVERSATIONS, R, acknowledged, answer, change, conversation, frame, good, then
from .report import report


def test_what_is_right_is_accepted() -> None:
    assert violations(good()) == []
    assert violations(acknowledged(conversation())) == []


@pytest.mark.parametrize("name", OF_CONVERSATIONS)
def test_finds_in_conversations(name: str) -> None:
    forge, sentence = OF_CONVERSATIONS[name]
    evidence = acknowledged(conversation())
    forge(evidence)
    assert any(sentence in found for found in violations(evidence)), violations(evidence)


def taken_over(times: int, struck: int, status: str, reason: str, text: str = "1.0 1.1 ") -> list[str]:
    """What is wrong with an answer that was taken over so often, while so many processes were struck."""
    evidence = good()
    change(Stored, takeovers=times, status=status, finish_reason=reason, text=text)(evidence)
    then(*[Struck(at=1 + number, kind="kill", process=number, until=2 + number) for number in range(struck)])(evidence)
    ours = ("taken over", "went on", "could have gone on", "calls wrote it", "nothing had struck")
    return [sentence for sentence in violations(evidence) if any(words in sentence for words in ours)]


def test_an_answer_is_taken_over_once_and_ends_when_that_is_struck_too() -> None:
    assert taken_over(1, 1, "completed", "stop", "1.0 2.0 ") == []
    assert taken_over(2, 2, "interrupted", "shutdown", "1.0 2.0 ") == []
    assert taken_over(2, 2, "cancelled", "cancelled") == []


def test_what_is_not_at_most_one_takeover_is_found() -> None:
    assert "could have gone on" in taken_over(1, 1, "interrupted", "shutdown")[0]
    assert "could have gone on" in taken_over(0, 0, "interrupted", "shutdown")[0]
    assert "went on after" in taken_over(2, 2, "completed", "stop")[0]
    assert "3 calls wrote it" in taken_over(2, 2, "interrupted", "shutdown", "1.0 2.0 3.0 ")[0]
    assert "2 calls wrote it" in taken_over(0, 0, "completed", "stop", "1.0 2.0 ")[0]
    assert "no process was struck" in taken_over(2, 1, "interrupted", "shutdown")[0]


def test_what_breaks_off_without_a_reason_is_found() -> None:
    assert "nothing had struck" in taken_over(0, 0, "interrupted", "connection_lost")[0]
    evidence = good()
    change(Stored, status="interrupted", finish_reason="connection_lost")(evidence)
    then(Struck(at=2, kind="provider reset", process=None, until=2))(evidence)
    assert not [sentence for sentence in violations(evidence) if "nothing had struck" in sentence]


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
