"""Open sockets are told what their budgets are by one look for all that have news within a moment."""

import asyncio
from collections.abc import Callable

import pytest

from accounts.models import TokenBudget, User
from chat.database import in_database
from chat.generating.budget_news import BudgetNews
from chat.protocol import Budget

pytestmark = pytest.mark.django_db(transaction=True)


class Told:
    def __init__(self, user: User) -> None:
        self.user = User.objects.get(pk=user.pk)  # each socket has its own
        self.budgets: list[Budget] = []

    def tell_budget(self, budget: Budget) -> None:
        self.budgets.append(budget)


@pytest.fixture
def sockets(alice: User, bob: User) -> list[Told]:
    TokenBudget.objects.create(user=alice, limit=5)
    TokenBudget.objects.create(user=bob, limit=7)
    return [Told(alice), Told(alice), Told(bob)]


async def told(
    sockets: list[Told], during: Callable[[BudgetNews], None] = lambda _news: None
) -> list[list[int | None]]:
    """The limits that each was told, when all want news several times."""
    news = BudgetNews(lambda work: asyncio.get_running_loop().create_task(work))
    for socket in sockets * 3:
        news.want(socket)
    if during is not None:
        during(news)
    if news._looking is not None:
        await asyncio.wait_for(news._looking, 30)
    return [[budget.limit for budget in socket.budgets] for socket in sockets]


async def test_all_sockets_of_a_person_are_told_once(sockets: list[Told]) -> None:
    assert await told(sockets) == [[5], [5], [7]]


async def test_each_knows_what_its_person_has_chosen_meanwhile(sockets: list[Told]) -> None:
    await in_database(User.objects.filter(pk=sockets[0].user.pk).update, time_zone="Asia/Tokyo", language="de")
    await told(sockets)
    assert [(socket.user.time_zone, socket.user.language) for socket in sockets] == [
        *[("Asia/Tokyo", "de")] * 2,
        ("", ""),
    ]
    assert [socket.budgets[0].resets_at[-6:] for socket in sockets] == ["+09:00", "+09:00", "+00:00"]


async def test_one_that_is_closed_is_told_nothing(sockets: list[Told]) -> None:
    assert await told(sockets, lambda news: news.forget(sockets[0])) == [[], [5], [7]]
    assert await told(sockets[2:], lambda news: news.forget(sockets[2])) == [[7]]


async def test_somebody_who_is_gone_is_in_nobodys_way(sockets: list[Told]) -> None:
    await in_database(User.objects.filter(pk=sockets[0].user.pk).delete)
    assert await told(sockets) == [[], [], [7]]
