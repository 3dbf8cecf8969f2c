"""Two sides of one Redis, and a generation that one of them runs."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accounts.models import User
from chat.models import Conversation, Generation, Message
from tests.live.redis import RedisServer
from tests.logs import REQUEST_ID
from tests.shared_log.sides import Side


@pytest.fixture
async def owner(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Side]:
    async with Side(redis_server, tmp_path / "owner") as side:
        yield side


@pytest.fixture
async def other(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Side]:
    async with Side(redis_server, tmp_path / "other") as side:
        yield side


@pytest.fixture
def generation_id() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def running(transactional_db: None, alice: User) -> Generation:
    """One that runs in the owner's process."""
    conversation = Conversation.objects.create(owner=alice)
    prompt = Message.objects.create(conversation=conversation, role=Message.Role.USER, text="Hello")
    answer = Message.objects.create(conversation=conversation, parent=prompt, role=Message.Role.ASSISTANT)
    generation = Generation.objects.create(
        user=alice, request_id=REQUEST_ID, message=answer, model="scripted", max_output_tokens=100
    )
    assert generation.claim(uuid.uuid4(), "scripted")
    return generation
