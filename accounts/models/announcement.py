"""What the site tells many people at once, for a while: a banner on their pages until they put it away."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .user import User


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def shown_to(self, user: "User") -> "AnnouncementQuerySet":
        """Those whose time it is, that are for this person and that they have not put away. One query."""
        now = timezone.now()
        its_time = Q(ends_at=None) | Q(ends_at__gt=now)
        put_away = Announcement.dismissed_by.through.objects.filter(announcement=OuterRef("pk"), user=user)
        named = Announcement.groups.through.objects.filter(announcement=OuterRef("pk"))
        for_them = ~Exists(named) | Exists(named.filter(group__in=user.groups.all()))
        return self.filter(its_time, for_them, ~Exists(put_away), starts_at__lte=now).order_by("-starts_at")


class Announcement(models.Model):
    """For everybody, or for the people of some groups."""

    class Level(models.TextChoices):
        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    text = models.CharField(_("text"), max_length=500)
    level = models.CharField(_("level"), max_length=8, choices=Level, default=Level.INFO)
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    groups = models.ManyToManyField(
        "auth.Group", blank=True, verbose_name=_("groups"), related_name="+", help_text=_("None: for everybody.")
    )
    dismissed_by = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering: ClassVar = ["-starts_at"]

    def __str__(self) -> str:
        return self.text[:60]

    def clean(self) -> None:
        """Raises ValidationError when it would never be shown."""
        if self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("It ends before it begins.")})

    def dismiss(self, user: "User") -> None:
        """The person has seen enough of it."""
        self.dismissed_by.add(user)
