"""A person's wish for more tokens today, and what an admin said to it."""

import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .audit_entry import AuditEntry
from .usage_day import UsageDay

if TYPE_CHECKING:
    from .user import User

MOST_AT_ONCE = 10**12


class BudgetRequestQuerySet(models.QuerySet["BudgetRequest"]):
    def open(self) -> "BudgetRequestQuerySet":
        return self.filter(state=BudgetRequest.State.OPEN)

    def ask(self, user: "User", reason: str) -> "BudgetRequest":
        """Ask for more; while a request is open, the person's new reason replaces the old one."""
        return self.update_or_create(user=user, state=BudgetRequest.State.OPEN, defaults={"reason": reason})[0]


class BudgetRequest(models.Model):
    """Open until an admin grants an amount, which ends with the person's day, or refuses. It stays as the record."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("refused")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="budget_requests")
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    amount = models.PositiveBigIntegerField(_("tokens"), default=0, validators=[MaxValueValidator(MOST_AT_ONCE)])
    usage_day = models.ForeignKey(UsageDay, null=True, on_delete=models.SET_NULL, related_name="grants")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True)

    objects = BudgetRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="open"), name="one_open_budget_request"),
            models.CheckConstraint(
                name="budget_request_is_decided_or_open",
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.reason}"

    def grant(self, amount: int, *, by: "User", note: str = "", now: datetime.datetime | None = None) -> bool:
        """Give so many tokens on top of the limit until the person's day ends; False when it was decided already."""
        if not 0 < amount <= MOST_AT_ONCE:
            raise ValueError(f"A grant is from 1 to {MOST_AT_ONCE} tokens, not {amount}.")
        now = now or timezone.now()
        with transaction.atomic():
            day = UsageDay.objects.open(self.user, now)
            won = self._decide(self.State.GRANTED, by, note, now, amount=amount, usage_day=day)
            if won:
                day.grant(amount)
                AuditEntry.objects.record(by, "budget.granted", self.user, after={"tokens": amount}, note=note)
        return won

    def refuse(self, *, by: "User", note: str = "", now: datetime.datetime | None = None) -> bool:
        """Say no; False when it was decided already."""
        with transaction.atomic():
            won = self._decide(self.State.REFUSED, by, note, now or timezone.now())
            if won:
                AuditEntry.objects.record(by, "budget.refused", self.user, note=note)
        return won

    def _decide(self, state: State, by: "User", note: str, now: datetime.datetime, **fields: object) -> bool:
        fields |= {"state": state, "decided_by": by, "note": note, "decided_at": now}
        if not BudgetRequest.objects.open().filter(pk=self.pk).update(**fields):
            return False
        for name, value in fields.items():
            setattr(self, name, value)
        return True
