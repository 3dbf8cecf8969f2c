"""What one person spent on one of their days, and what is held for answers still being written."""

import datetime
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts import local_day
from config.statements import Argument, Select, Update, argument

if TYPE_CHECKING:
    from .user import User

LEAST_LENGTH = datetime.timedelta(hours=20)


class UsageDayQuerySet(models.QuerySet["UsageDay"]):
    def latest_of(self, user: "User") -> "UsageDay | None":
        return LATEST.first(user=user.pk)

    def open(self, user: "User", now: datetime.datetime) -> "UsageDay":
        """The person's current day, begun if need be; to be called in a transaction."""
        latest = self.latest_of(user)
        if latest and now < latest.ends_in(user.zone):
            return latest
        # The user's row is the lock: at a midnight or a change of zone, two requests at once must not begin two
        # days. (Its class is not type(user): a socket's user is a lazy object.)
        user.__class__.objects.filter(pk=user.pk).update(time_zone=F("time_zone"))
        latest = self.latest_of(user)
        day = UsageDay.current(user, latest, now)
        if day is not latest:
            day.save(force_insert=True)
        return day


class UsageDay(models.Model):
    """The ledger's row for one user and local day.

    Everything is in tokens. ``limit`` is the limit at the time of the last reservation (None: none), so
    lowering a limit below what is spent already breaks nothing and refuses what comes next; ``granted``
    is what an admin gave on top of it until the day ends. Each move is one conditional UPDATE.

    A day ends at the local midnight. When the time zone has been changed since it began, it lasts 20 hours
    from its first use at least, and until the new zone's calendar is past its date: so changing the zone
    never brings the next budget nearer.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="usage_days")
    date = models.DateField()
    time_zone = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    opened_at = models.DateTimeField(help_text="first use")
    ends_at = models.DateTimeField(help_text="unless the time zone is changed")
    limit = models.PositiveBigIntegerField(null=True)
    granted = models.PositiveBigIntegerField(default=0)
    used = models.PositiveBigIntegerField(default=0)
    reserved = models.PositiveBigIntegerField(default=0)

    objects = UsageDayQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "date"], name="one_usage_day_per_date"),
            models.CheckConstraint(name="usage_day_used_is_not_negative", condition=Q(used__gte=0)),
            models.CheckConstraint(name="usage_day_reserved_is_not_negative", condition=Q(reserved__gte=0)),
            models.CheckConstraint(
                name="usage_day_keeps_its_limit",
                condition=Q(limit__isnull=True) | Q(limit__gte=F("used") + F("reserved") - F("granted")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.date}: {self.used} + {self.reserved} / {self.limit}"

    @classmethod
    def current(cls, user: "User", latest: "UsageDay | None", now: datetime.datetime) -> "UsageDay":
        """``latest`` while it lasts, else the day that follows it: not yet saved, nothing used."""
        zone = user.zone
        if latest and now < latest.ends_in(zone):
            return latest
        day = cls(user=user, time_zone=zone.key, opened_at=now, date=now.astimezone(zone).date())
        day.starts_at = local_day.last_midnight(now, zone)
        day.ends_at = local_day.next_midnight(now, zone)
        if latest:
            day.follow(latest, latest.ends_in(zone))
        return day

    def follow(self, before: "UsageDay", ended_at: datetime.datetime) -> None:
        """Begin when the day before ended, and make good what a change of zone cut off."""
        self.date = max(self.date, before.date + datetime.timedelta(days=1))
        self.starts_at = max(self.starts_at, ended_at)
        counted_from = self.starts_at if self.time_zone == before.time_zone else self.opened_at
        self.ends_at = max(self.ends_at, counted_from + LEAST_LENGTH)

    def ends_in(self, zone: ZoneInfo) -> datetime.datetime:
        """When it ends for a person whose zone is now this one."""
        if zone.key == self.time_zone:
            return self.ends_at
        calendar = local_day.midnight(self.date + datetime.timedelta(days=1), zone)
        return max(self.ends_at, self.opened_at + LEAST_LENGTH, calendar)

    def left(self, limit: int) -> int:
        """What of this limit nobody has used or holds."""
        return max(0, limit + self.granted - self.used - self.reserved)

    def hold(self, amount: int, limit: int | None) -> bool:
        """Reserve so much under this limit; False when it does not fit."""
        if limit is None:
            return HOLD_UNLIMITED.run(pk=self.pk, amount=amount) == 1
        return HOLD.run(pk=self.pk, amount=amount, limit=limit, missing=amount - limit) == 1

    def charge(self, amount: int, held: int) -> None:
        """Turn what was held into what was used (``amount`` <= ``held``)."""
        CHARGE.run(pk=self.pk, amount=amount, held=held)

    def grant(self, amount: int) -> None:
        """Allow so much more until the day ends."""
        UsageDay.objects.filter(pk=self.pk).update(granted=F("granted") + amount)


def _tokens(name: str) -> Argument:
    return argument(name, UsageDay, "reserved")


def _day() -> UsageDayQuerySet:
    return UsageDay.objects.filter(pk=argument("pk", UsageDay))


LATEST = Select(lambda: UsageDay.objects.filter(user=argument("user", UsageDay)).order_by("-date")[:1])
HOLD = Update(
    lambda: (
        _day().filter(granted__gte=F("used") + F("reserved") + _tokens("missing")),
        {"reserved": F("reserved") + _tokens("amount"), "limit": _tokens("limit")},
    )
)
HOLD_UNLIMITED = Update(lambda: (_day(), {"reserved": F("reserved") + _tokens("amount"), "limit": None}))
CHARGE = Update(lambda: (_day(), {"used": F("used") + _tokens("amount"), "reserved": F("reserved") - _tokens("held")}))
