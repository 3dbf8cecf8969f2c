"""A pause that an admin makes: no new answers for anybody until it is over; those being written go on."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Announcement, AuditEntry
from config.statements import Select

if TYPE_CHECKING:
    from accounts.models import User


class PauseQuerySet(models.QuerySet["Pause"]):
    def current(self) -> "Pause | None":
        """The one there is now. One query, of a table with hardly a row."""
        return CURRENT.first()

    @transaction.atomic
    def begin(self, sentence: str, *, by: "User") -> bool:
        """Refuse what is asked from now on, with this sentence, which is a banner on every page, too.

        False when there is a pause already. Tell the pages afterwards (``accounts.hints.tell_site_news``).
        """
        pause, began = self.get_or_create(ongoing=True, defaults={"sentence": sentence, "by": by})
        if began:
            level = Announcement.Level.WARNING
            pause.announcement = Announcement.objects.create(text=sentence, level=level)
            pause.save(update_fields=["announcement"])
            AuditEntry.objects.record(by, "pause.begun", pause, note=sentence)
        return began

    @transaction.atomic
    def end(self, *, by: "User") -> bool:
        """Answer again; false when there is no pause."""
        pause = self.current()
        now = timezone.now()
        if pause is None or not self.filter(ongoing=True).update(ongoing=False, ended_at=now):
            return False
        if pause.announcement_id:
            Announcement.objects.filter(pk=pause.announcement_id).update(ends_at=now)
        AuditEntry.objects.record(by, "pause.ended", pause)
        return True


class Pause(models.Model):
    """At most one has not ended."""

    sentence = models.CharField(_("what people are told"), max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    announcement = models.ForeignKey(Announcement, null=True, on_delete=models.SET_NULL, related_name="+")
    begun_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ongoing = models.BooleanField(default=True)

    objects = PauseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ongoing"], condition=Q(ongoing=True), name="one_pause_at_a_time")
        ]

    def __str__(self) -> str:
        return self.sentence


CURRENT = Select(lambda: Pause.objects.filter(ongoing=True)[:1])
