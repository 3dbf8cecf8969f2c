"""Whose budget is another one than when it was last looked at: for those whom no hint has reached."""

import datetime
from collections.abc import Hashable, Mapping, Set
from uuid import UUID

from django.utils import timezone

from .models import TokenBudget, UsageDay

LONGEST_DAY = datetime.timedelta(days=2)


class BudgetWatch:
    """Remembers what the ledger said of those who are watched, and nobody else."""

    def __init__(self) -> None:
        self._known: Mapping[UUID, Hashable] = {}

    def changed_among(self, user_ids: Set[UUID]) -> set[UUID]:
        """Those who may have another budget than at the last call, or were not asked about then.

        Blocking: two queries, however many they are.
        """
        limits = tuple(TokenBudget.objects.order_by("pk").values_list("pk", "limit"))
        days = UsageDay.objects.filter(user__in=user_ids, ends_at__gt=timezone.now() - LONGEST_DAY).order_by("date")
        spent = {
            user_id: day
            for user_id, *day in days.values_list("user_id", "pk", "used", "reserved", "granted", "ends_at")
        }
        now: dict[UUID, Hashable] = {user_id: (limits, *spent.get(user_id, ())) for user_id in user_ids}
        changed = {user_id for user_id, budget in now.items() if self._known.get(user_id) != budget}
        self._known = now
        return changed
