"""A person who signs in with an e-mail address."""

import uuid
import zoneinfo
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .managed import Managed
from .preferences import Preferences
from .suspension import Suspension

UTC = zoneinfo.ZoneInfo("UTC")


class UserQuerySet(models.QuerySet["User"]):
    def admins(self) -> "UserQuerySet":
        """Those with every right who can still sign in."""
        return self.filter(is_superuser=True, is_active=True)

    def manageable_by(self, manager: "User") -> "UserQuerySet":
        """Whom this member of the staff may do something to: superusers everybody, others who has no rights at all."""
        if manager.is_superuser:
            return self
        return self.filter(is_staff=False, is_superuser=False).exclude(pk=manager.pk)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates users; e-mail addresses are unique without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password nobody can sign in with one."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an admin with every right, whose address needs no proof: whoever may do this runs the site."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        user.vouch()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        found: User = self.get(email=(username or "").lower())
        return found


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone."), params={"name": name}, code="time_zone")


class User(Preferences, Managed, Suspension, AbstractBaseUser, PermissionsMixin):
    """One account. ``time_zone`` is an IANA name: the day of the token budget is the user's own.

    It is empty until their browser or they themselves say where they are; until then it is UTC (``zone``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validate_time_zone])
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    second_factor_required = models.BooleanField(_("second factor required"), default=False, db_default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_user_per_address",
                violation_error_message=_("There is an account with this e-mail address."),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone; UTC when none is known (or no longer: the zone database changes)."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return UTC

    def vouch(self) -> None:
        """Take the address as proved: whoever made the account answers for it."""
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)

    def settle_in(self, time_zone: str) -> bool:
        """Take the browser's time zone, once: what a person chose is not overruled by where they travel."""
        validate_time_zone(time_zone)
        return bool(User.objects.filter(pk=self.pk, time_zone="").update(time_zone=time_zone))

    def end_sessions(self, *, but: str | None = None) -> int:
        """Sign out on all devices but the one with this session key; open pages close within seconds."""
        keys = list(
            UserSession.objects.filter(user=self).exclude(session_key=but).values_list("session_key", flat=True)
        )
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(session_key__in=keys).delete()
        return len(keys)
