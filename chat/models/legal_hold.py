"""What must not be deleted for the time being: a conversation, or all that somebody has."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry

if TYPE_CHECKING:
    from accounts.models import User


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def on_account(self, user: "User") -> "LegalHoldQuerySet":
        """Those because of which the account cannot be deleted."""
        return self.filter(Q(user=user) | Q(conversation__owner=user))


class LegalHold(models.Model):
    """On one of a person and a conversation. While it is there, the database's rows refuse to go (PROTECT).

    The owner's deletion hides a conversation from them as always, but it is kept.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="legal_holds"
    )
    conversation = models.ForeignKey(
        "Conversation", null=True, blank=True, on_delete=models.PROTECT, related_name="legal_holds"
    )
    reason = models.CharField(_("reason"), max_length=500)
    about = models.CharField(_("about"), max_length=300, blank=True, editable=False)
    placed_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    released_at = models.DateTimeField(_("until"), null=True, editable=False)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering: ClassVar = ["-placed_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="legal_hold_is_on_exactly_one",
                condition=Q(user__isnull=False, conversation__isnull=True, released_at__isnull=True)
                | Q(user__isnull=True, conversation__isnull=False, released_at__isnull=True)
                | Q(user__isnull=True, conversation__isnull=True, released_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.about or self.reason

    def clean(self) -> None:
        """Raises ValidationError unless it says what it is on."""
        if (self.user is None) == (self.conversation is None):
            raise ValidationError(_("A hold is on exactly one of: a person, a conversation."))

    @transaction.atomic
    def release(self, *, by: "User") -> bool:
        """What it was on can go; the hold stays as a record. False when it was released before."""
        held = LegalHold.objects.filter(pk=self.pk, released_at=None)
        won = bool(held.update(user=None, conversation=None, released_at=timezone.now()))
        if won:
            AuditEntry.objects.record(by, "legal_hold.released", self)
        return won
