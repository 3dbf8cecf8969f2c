"""What those who manage people do to an account; each of it is written into the audit log."""

from typing import TYPE_CHECKING, cast

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from .audit_entry import AuditEntry
from .deletion import LastAdmin
from .token_budget import TokenBudget
from .usage_day import UsageDay

if TYPE_CHECKING:
    from .user import User


class Managed(models.Model):
    """Verbs of the user. Each says whether it changed anything; ``by`` is who did it."""

    class Meta:
        abstract = True

    @transaction.atomic
    def deactivate(self, *, by: "User") -> bool:
        """Nobody can use the account: pages, sockets, API keys and running answers end within seconds.

        Raises LastAdmin.
        """
        user = cast("User", self)
        admins = list(user.__class__.objects.admins().select_for_update())
        if [admin.pk for admin in admins] == [user.pk]:
            raise LastAdmin
        won = self._change("is_active", False, by, "user.deactivated")
        if won:
            user.end_sessions()
        return won

    def reactivate(self, *, by: "User") -> bool:
        return self._change("is_active", True, by, "user.reactivated")

    def require_second_factor(self, required: bool, *, by: "User") -> bool:
        action = "second_factor.required" if required else "second_factor.not_required"
        return self._change("second_factor_required", required, by, action)

    @transaction.atomic
    def sign_out_everywhere(self, *, by: "User") -> int:
        """End every session; returns how many there were."""
        user = cast("User", self)
        ended = user.end_sessions()
        AuditEntry.objects.record(by, "user.signed_out", user, after={"sessions_ended": ended})
        return ended

    @transaction.atomic
    def set_budget(self, limit: int | None, *, by: "User") -> None:
        """A daily limit of the person's own, over those of groups and site; None: no limit."""
        user = cast("User", self)
        own = TokenBudget.objects.filter(user=user).first()
        before = {"limit": own.limit} if own else {}
        TokenBudget.objects.update_or_create(user=user, defaults={"limit": limit})
        AuditEntry.objects.record(by, "budget.set", user, before=before, after={"limit": limit})

    @transaction.atomic
    def unset_budget(self, *, by: "User") -> bool:
        """The limit is the groups' or the site's again."""
        user = cast("User", self)
        deleted, _rows = TokenBudget.objects.filter(user=user).delete()
        if deleted:
            AuditEntry.objects.record(by, "budget.unset", user)
        return bool(deleted)

    @transaction.atomic
    def grant_today(self, amount: int, *, by: "User", note: str = "") -> None:
        """So many tokens on top of the limit, until the person's day ends."""
        user = cast("User", self)
        UsageDay.objects.open(user, timezone.now()).grant(amount)
        AuditEntry.objects.record(by, "budget.granted", user, after={"tokens": amount}, note=note)

    @transaction.atomic
    def reset_today(self, *, by: "User") -> bool:
        """Give back what was used today. The ledger keeps what that was: it is granted, not forgotten."""
        user = cast("User", self)
        day = UsageDay.objects.open(user, timezone.now())
        won = bool(UsageDay.objects.filter(pk=day.pk, granted__lt=F("used")).update(granted=F("used")))
        if won:
            AuditEntry.objects.record(by, "budget.reset", user, before={"used": day.used})
        return won

    @transaction.atomic
    def _change(self, field: str, value: bool, by: "User", action: str) -> bool:
        user = cast("User", self)
        if not user.__class__.objects.filter(pk=user.pk, **{field: not value}).update(**{field: value}):
            return False
        setattr(self, field, value)
        AuditEntry.objects.record(by, action, user)
        return True
