"""Hints over the channel layer: "look at the database". All of them may be lost; polls find what they said."""

from typing import Any, Literal
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from accounts.hints import EVERYONE, budget_changed, user_group
from config.channel_layer import Ear, ProcessLayer

__all__ = [
    "EVERYONE",
    "PROCESSES",
    "budget_changed",
    "cancel_requested",
    "conversation_group",
    "conversation_updated",
    "generation_queued",
    "listen_to",
    "rules_changed",
    "sharing_changed",
    "stop_listening",
    "tell_rules_changed",
    "user_group",
]

PROCESSES = "processes"
Change = Literal["created", "renamed", "deleted", "archived", "message"]


def conversation_group(conversation_id: UUID) -> str:
    """All sockets that watch one conversation."""
    return f"conversation.{conversation_id.hex}"


async def conversation_updated(user_id: UUID, conversation_id: UUID, change: Change) -> None:
    """The sidebar has something new."""
    await _send(
        user_group(user_id),
        {"type": "conversation.updated", "conversation_id": str(conversation_id), "change": change},
    )


async def generation_queued(conversation_id: UUID, generation_id: UUID) -> None:
    """An answer begins in a conversation."""
    await _send(conversation_group(conversation_id), {"type": "generation.queued", "generation_id": str(generation_id)})


async def sharing_changed(conversation_id: UUID) -> None:
    """Somebody may not be allowed to read a conversation any more."""
    await _send(conversation_group(conversation_id), {"type": "sharing.changed"})


async def cancel_requested(generation_id: UUID) -> None:
    """Somebody wants an answer to stop that another process may be writing."""
    await _send(PROCESSES, {"type": "cancel.requested", "generation_id": str(generation_id)})


def listen_to(group: str, ear: Ear) -> None:
    """Have all hints to a group told to this, until ``stop_listening``."""
    _layer().listen_to(group, ear)


def stop_listening(group: str, ear: Ear) -> None:
    _layer().stop_listening(group, ear)


async def rules_changed() -> None:
    """Content rules, or the site's prompt, are others: every process keeps what it knows of them."""
    await _send(PROCESSES, {"type": "rules.changed"})


def tell_rules_changed() -> None:
    """As ``rules_changed``, from a view, once what it did is stored."""
    transaction.on_commit(async_to_sync(rules_changed))


async def _send(group: str, message: dict[str, Any]) -> None:
    await _layer().group_send(group, message)


def _layer() -> ProcessLayer:
    layer = get_channel_layer()
    assert isinstance(layer, ProcessLayer)
    return layer
