"""How long conversations are kept: those that nobody has touched for so many days go in the night."""

import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, User

from .conversation import Conversation
from .generation import Generation

if TYPE_CHECKING:
    from .conversation import ConversationQuerySet

BATCH = 500
FOREVER = 10**6  # days


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def expired(self, now: datetime.datetime | None = None) -> "ConversationQuerySet":
        """The conversations that go tonight: not the pinned ones, nor those under a legal hold or being answered."""
        now = now or timezone.now()
        site = self.filter(group=None).values_list("days", flat=True).first() or FOREVER
        people = User.objects.annotate(kept_days=Coalesce(Max("groups__retention_rule__days"), Value(site)))
        old = Q(pk__in=[])
        for days in {site, *self.values_list("days", flat=True)} - {FOREVER}:
            owners = people.filter(kept_days=days).values("pk")
            old |= Q(owner__in=owners, updated_at__lt=now - datetime.timedelta(days=days))
        busy = Generation.objects.active().filter(message__conversation=OuterRef("pk"))
        return Conversation.objects.filter(old, ~Exists(busy), deleted_at=None, pinned_at=None).not_held()


class RetentionRule(models.Model):
    """For a group, or without one for the site. Who is in several groups has the longest of theirs."""

    group = models.OneToOneField(
        "auth.Group",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="retention_rule",
        help_text=_("Empty: for everybody who is in no group with a rule."),
    )
    days = models.PositiveIntegerField(_("days"), validators=[MinValueValidator(1)])

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")

    def __str__(self) -> str:
        return f"{self.group or _('the site')}: {self.days}"

    def clean(self) -> None:
        """Raises ValidationError for a second rule of the site."""
        if self.group is None and RetentionRule.objects.filter(group=None).exclude(pk=self.pk).exists():
            raise ValidationError({"group": _("There is a rule for the site already.")})


class RetentionRunManager(models.Manager["RetentionRun"]):
    def claim(self, now: datetime.datetime) -> "RetentionRun | None":
        """This night's run, for the one process that is first; None for all others."""
        run, created = self.get_or_create(date=now.date())
        return run if created else None


class RetentionRun(models.Model):
    """What went in one night; the row decides which process does it."""

    date = models.DateField(primary_key=True)
    deleted = models.PositiveIntegerField(default=0)

    objects = RetentionRunManager()

    def __str__(self) -> str:
        return f"{self.date}: {self.deleted}"

    def delete_some(self, now: datetime.datetime) -> bool:
        """Delete some of what has expired, as its owner would; false when there is nothing left."""
        ids = list(RetentionRule.objects.expired(now).values_list("pk", flat=True)[:BATCH])
        with transaction.atomic():
            gone = Conversation.objects.filter(pk__in=ids, deleted_at=None, pinned_at=None).update(deleted_at=now)
            RetentionRun.objects.filter(pk=self.pk).update(deleted=F("deleted") + gone)
            if gone:
                AuditEntry.objects.record(None, "retention.deleted", self, after={"conversations": gone})
        return bool(gone)
