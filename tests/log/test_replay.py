"""An answer that ended long ago is a log again, made of what the database has."""

from accounts.models import User
from chat.generating.cursor import Cursor
from chat.generating.frames import budget_now
from chat.generating.hub import replay
from tests.conversations import generated, written

from .reading import drained, read, types


def test_a_replay_is_read_to_its_end(alice: User) -> None:
    answer = written(alice, "prompt", "the answer").branch()[-1]
    generation = generated(answer, status="completed", finish_reason="stop", text_length=len("the answer"))
    log = replay(generation, budget_now(alice))
    assert log.ended
    cursor = Cursor(log)
    assert types(drained(cursor)) == ["ai:start", "ai:token", "ai:done"]
    assert cursor.exhausted
    assert read(Cursor(log)).text == "the answer"
