"""A pause that moderators put on somebody: they read on, but ask for no answers until it is over."""

import datetime
from typing import TYPE_CHECKING, cast

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .audit_entry import AuditEntry

if TYPE_CHECKING:
    from .user import User


class Suspension(models.Model):
    """Columns of the user."""

    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True, editable=False)
    suspended_because = models.CharField(_("reason of the suspension"), max_length=500, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def suspended(self) -> bool:
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    def suspend(self, until: datetime.datetime, *, by: "User", because: str) -> None:
        """From now until then, instead of any earlier suspension."""
        self._pause("user.suspended", by, suspended_until=until, suspended_because=because[:500])

    def end_suspension(self, *, by: "User") -> bool:
        """Before its time; false when there is none."""
        if self.suspended_until is None:
            return False
        self._pause("user.suspension_ended", by, suspended_until=None, suspended_because="")
        return True

    @transaction.atomic
    def _pause(self, action: str, by: "User", **fields: object) -> None:
        user = cast("User", self)
        before = {name: getattr(self, name) for name in fields}
        user.__class__.objects.filter(pk=user.pk).update(**fields)
        for name, value in fields.items():
            setattr(self, name, value)
        AuditEntry.objects.record(by, action, user, before=before, after=fields)
