"""What a list of people says about each of them: today's budget and where it is from, and when they were last here."""

import dataclasses
import datetime
from collections.abc import Sequence
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from .budgets import BudgetStatus
from .models import TokenBudget, UsageDay, User
from .models.usage_day import LEAST_LENGTH

LONGEST_DAY = datetime.timedelta(hours=26) + 2 * LEAST_LENGTH


@dataclasses.dataclass(frozen=True)
class About:
    """``source`` is whose limit it is, in words. ``seen_at`` is None for who has never been here."""

    budget: BudgetStatus
    source: str
    seen_at: datetime.datetime | None


def about(users: Sequence[User]) -> dict[UUID, About]:
    """Of so many people as are on a page. Three queries, however many they are."""
    now = timezone.now()
    limits = TokenBudget.objects.limits_for(users)
    days = _latest_days(users, now)
    seen = _last_seen(users)
    found = {}
    for user in users:
        limit, source = limits[user.pk]
        day = UsageDay.current(user, days.get(user.pk), now)
        at = max(filter(None, [seen.get(user.pk), user.last_login]), default=None)
        found[user.pk] = About(BudgetStatus.of(user, day, limit), source or _("setting"), at)
    return found


def _latest_days(users: Sequence[User], now: datetime.datetime) -> dict[UUID, UsageDay]:
    """The latest day of each; those that ended long ago do not matter."""
    recent = UsageDay.objects.filter(user__in=users, date__gte=(now - LONGEST_DAY).date()).order_by("date")
    return {day.user_id: day for day in recent}


def _last_seen(users: Sequence[User]) -> dict[UUID, datetime.datetime]:
    sessions = UserSession.objects.filter(user__in=users).values("user").annotate(at=Max("last_seen_at"))
    return {row["user"]: row["at"] for row in sessions}
