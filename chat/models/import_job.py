"""One import of another product's export: how far it is, and what became of it."""

import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

SILENT = datetime.timedelta(seconds=60)  # then its process is gone


class ImportQuerySet(models.QuerySet["Import"]):
    def begin(self, user: "User", source: str, total: int) -> "Import | None":
        """A new one; None while another one of the person runs."""
        gone = self.filter(user=user, finished_at=None, updated_at__lt=timezone.now() - SILENT)
        gone.update(finished_at=timezone.now())
        try:
            with transaction.atomic():
                return self.create(user=user, source=source, total=total)
        except IntegrityError:
            return None

    def latest_of(self, user: "User") -> "Import | None":
        return self.filter(user=user).order_by("-created_at").first()


class Import(models.Model):
    """Counts conversations: ``known`` were there already, ``empty`` had no messages, ``unreadable`` made no sense."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports")
    source = models.CharField(max_length=16)
    total = models.PositiveIntegerField()
    imported = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    empty = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)
    attachments = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(finished_at=None), name="one_import_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.done}/{self.total}"

    @property
    def done(self) -> int:
        return self.imported + self.known + self.empty + self.unreadable

    @property
    def running(self) -> bool:
        return self.finished_at is None and self.updated_at > timezone.now() - SILENT

    @property
    def cut_short(self) -> bool:
        """The server stopped before it was through."""
        return not self.running and self.done < self.total

    def count(self, outcome: str, attachments: int) -> None:
        """One more conversation is done."""
        Import.objects.filter(pk=self.pk).update(
            **{outcome: F(outcome) + 1}, attachments=F("attachments") + attachments, updated_at=timezone.now()
        )

    def finish(self) -> None:
        Import.objects.filter(pk=self.pk).update(finished_at=timezone.now())
