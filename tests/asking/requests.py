"""Asking, without a server: requests, and what became of them."""

import uuid
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Reservation, UsageDay, User
from chat.asking import Asked, ask
from chat.models import Conversation, Generation, Message
from chat.protocol import Ask, Continue, Generate, Refused, Regenerate

MISSING = uuid.UUID(int=404)


def generate(prompt: Any = "Hello", **fields: Any) -> Generate:
    return Generate(request_id=fields.pop("request_id", None) or uuid.uuid4(), prompt=prompt, **fields)


def regenerate(message: Message | UUID, **fields: Any) -> Regenerate:
    pk = message.pk if isinstance(message, Message) else message
    return Regenerate(request_id=fields.pop("request_id", None) or uuid.uuid4(), message_id=pk, **fields)


def go_on(message: Message | UUID, model: str | None = None) -> Continue:
    pk = message.pk if isinstance(message, Message) else message
    return Continue(request_id=uuid.uuid4(), message_id=pk, model=model)


def answer(asked: Asked, text: str = "An answer.", status: str = "completed") -> Message:
    """End a generation as a runner does; its message."""
    generation = asked.generation
    assert generation.claim(uuid.uuid4(), generation.model)
    assert generation.finish(status=status, finish_reason="stop", text_length=len(text))
    Message.objects.filter(pk=generation.message_id).update(text=text)
    Reservation.objects.settle(generation.pk, input_tokens=10, output_tokens=5, estimated=False)
    return Message.objects.get(pk=generation.message_id)


def stored() -> list[Any]:
    """All rows that a request may touch."""
    tables = (Conversation, Message, Generation, Reservation, UsageDay)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def refused(user: User, request: Ask) -> Refused:
    """The refusal of a request, which has changed nothing."""
    before = stored()
    with pytest.raises(Refused) as error:
        ask(user, request)
    assert stored() == before
    assert error.value.message.endswith(".")
    return error.value
