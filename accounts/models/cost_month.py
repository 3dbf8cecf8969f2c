"""What a cost budget spent in one month, and what is held for answers still being written."""

import datetime
import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import connection, models
from django.db.models import F, Q

from .cost_budget import CostBudget

if TYPE_CHECKING:
    from .user import User

# By hand, as in token_budget: mostly there is nothing to find, and Django would take longer to ask than to do the rest.
BUDGETS = """
    SELECT id FROM accounts_costbudget
    WHERE for_site OR group_id IN (SELECT group_id FROM accounts_user_groups WHERE user_id = %s) ORDER BY id
"""
HELD = "SELECT costmonth_id FROM accounts_reservation_cost_months WHERE reservation_id = %s ORDER BY costmonth_id"


class CostMonthQuerySet(models.QuerySet["CostMonth"]):
    def open(self, user: "User", now: datetime.datetime) -> "list[CostMonth]":
        """The current month of each cost budget the person is under, begun if need be; call it in a transaction."""
        key = user._meta.pk.get_db_prep_value(user.pk, connection)  # noqa: SLF001 (public, for all its name)
        with connection.cursor() as cursor:
            cursor.execute(BUDGETS, [key])
            budgets = [pk for (pk,) in cursor.fetchall()]
        first = now.astimezone(datetime.UTC).date().replace(day=1)
        return [self.select_related("budget").get_or_create(budget_id=pk, month=first)[0] for pk in budgets]

    def held_for(self, generation_id: uuid.UUID) -> "list[CostMonth]":
        """The months of which that reservation holds something; nothing of them is loaded but their keys."""
        key = models.UUIDField().get_db_prep_value(generation_id, connection)
        with connection.cursor() as cursor:
            cursor.execute(HELD, [key])
            return [CostMonth(pk=pk) for (pk,) in cursor.fetchall()]


class CostMonth(models.Model):
    """The ledger's row for one cost budget and calendar month (in UTC: a group has no time zone).

    Everything is in billionths of the prices' currency. ``limit_nano`` is the limit at the time of the last
    reservation. Each move is one conditional UPDATE.
    """

    budget = models.ForeignKey(CostBudget, on_delete=models.CASCADE, related_name="months")
    month = models.DateField()
    limit_nano = models.PositiveBigIntegerField(default=0)
    used_nano = models.PositiveBigIntegerField(default=0)
    reserved_nano = models.PositiveBigIntegerField(default=0)

    objects = CostMonthQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget", "month"], name="one_cost_month_per_month"),
            models.CheckConstraint(
                name="cost_month_keeps_its_limit",
                condition=Q(
                    used_nano__gte=0, reserved_nano__gte=0, limit_nano__gte=F("used_nano") + F("reserved_nano")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.month:%Y-%m}: {self.used_nano} + {self.reserved_nano} / {self.limit_nano}"

    @property
    def left_nano(self) -> int:
        """What of the limit nobody has used or holds."""
        return max(0, self.budget.limit_nano - self.used_nano - self.reserved_nano)

    @property
    def ends_at(self) -> datetime.datetime:
        """The first moment of the next month."""
        following = (self.month + datetime.timedelta(days=31)).replace(day=1)
        return datetime.datetime.combine(following, datetime.time(), datetime.UTC)

    def hold(self, amount_nano: int) -> bool:
        """Reserve so much; False when it does not fit."""
        limit = self.budget.limit_nano
        month = CostMonth.objects.filter(pk=self.pk, used_nano__lte=limit - amount_nano - F("reserved_nano"))
        return month.update(reserved_nano=F("reserved_nano") + amount_nano, limit_nano=limit) == 1

    def charge(self, amount_nano: int, held_nano: int) -> None:
        """Turn what was held into what was used (``amount_nano`` <= ``held_nano``)."""
        month = CostMonth.objects.filter(pk=self.pk)
        month.update(used_nano=F("used_nano") + amount_nano, reserved_nano=F("reserved_nano") - held_nano)
