"""How much an answer asks of the database, from the request to its stored end; whatever is added is seen here."""

import asyncio
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.asking import Asked, ask
from chat.generating import ending
from chat.generating.admission import Admission
from chat.generating.answer import Answer
from chat.generating.budget_news import budgets_of
from chat.generating.claiming import claim
from chat.generating.log import GenerationLog
from chat.generating.record import Record
from chat.generating.slot import Slot
from chat.models import Generation
from chat.providers import Text
from tests.asking.requests import answer, generate

TRANSACTIONS = re.compile(r"BEGIN|COMMIT|SAVEPOINT|RELEASE")
SHARED = connection.vendor == "postgresql"  # then what others have is counted, and nobody counts at the same time


def statements(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured.captured_queries if not TRANSACTIONS.match(query["sql"])]


async def slot(asked: Asked) -> Slot:
    assert asked.generation.language_model
    return Slot(Admission(1, 1), asked.generation.language_model, 10)


def begin(asked: Asked) -> None:
    assert claim(asked.generation, uuid.uuid4(), asyncio.run(slot(asked)), begun=False, courteous=True) is None


def end(generation: Generation, user: User) -> None:
    conversation = generation.message.conversation_id
    log = GenerationLog(generation.pk, generation.request_id, user.pk, conversation)
    written = Answer(generation, log)
    written.take([Text("An answer.")])
    Record(generation, log, written).end(ending.End(ending.Status.COMPLETED, "stop"))


@pytest.fixture
def warm(alice: User) -> Asked:
    """What is known of the site, and of her day, is known."""
    asked = ask(alice, generate())
    begin(asked)
    end(asked.generation, alice)
    return asked


def test_of_a_new_conversation(alice: User, warm: Asked) -> None:
    with CaptureQueriesContext(connection) as asking:
        asked = ask(alice, generate())
    with CaptureQueriesContext(connection) as claiming:
        begin(asked)
    with CaptureQueriesContext(connection) as looking:
        budgets_of([alice])
    with CaptureQueriesContext(connection) as concluding:
        end(asked.generation, alice)
    counts = [len(statements(captured)) for captured in (asking, claiming, looking, concluding)]
    assert counts == [12, 3 if SHARED else 1, 3, 8]


def test_of_a_conversation_however_long_it_is(alice: User, warm: Asked) -> None:
    talk = warm.generation.message.conversation_id
    for _ in range(3):
        answer(ask(alice, generate(conversation_id=talk)))
        with CaptureQueriesContext(connection) as asking:
            asked = ask(alice, generate(conversation_id=talk))
        assert len(statements(asking)) == 16
        begin(asked)
        end(asked.generation, alice)
