"""Hints to the open pages of people that their budget is another one, or that there is news; see the database."""

from collections.abc import Iterable
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

EVERYONE = "everyone"


def user_group(user_id: UUID) -> str:
    """All sockets of one person."""
    return f"user.{user_id.hex}"


async def budget_changed(*user_ids: UUID) -> None:
    """Tokens were reserved, settled or granted, or a limit was changed; for nobody named: for everyone."""
    layer = get_channel_layer()
    assert layer is not None
    for group in map(user_group, user_ids) if user_ids else [EVERYONE]:
        await layer.group_send(group, {"type": "budget.changed"})


def tell_budget_changed(user_ids: Iterable[UUID] = ()) -> None:
    """As ``budget_changed``, from a view, once what it did is stored."""
    users = tuple(user_ids)
    transaction.on_commit(lambda: async_to_sync(budget_changed)(*users))


async def site_news(*user_ids: UUID) -> None:
    """Announcements or notices are others; for nobody named: for everyone."""
    layer = get_channel_layer()
    assert layer is not None
    for group in map(user_group, user_ids) if user_ids else [EVERYONE]:
        await layer.group_send(group, {"type": "site.news"})


def tell_site_news(user_ids: Iterable[UUID] = ()) -> None:
    """As ``site_news``, from a view, once what it did is stored."""
    users = tuple(user_ids)
    transaction.on_commit(lambda: async_to_sync(site_news)(*users))
