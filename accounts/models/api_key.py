"""A personal API key: how scripts and other clients come in without a browser."""

import datetime
import hashlib
import hmac
import re
import secrets
import uuid
from typing import ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.statements import Argument, Select, argument

from .audit_entry import AuditEntry
from .user import User

SHAPE = re.compile(r"parley_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
USED_EVERY = datetime.timedelta(minutes=1)  # how exactly the last use is known: one write a minute at most
NOBODYS = hashlib.sha256(b"").hexdigest()
MAX_KEYS = 50


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: User) -> "ApiKeyQuerySet":
        """The person's own that still work or did until their time was over; revoked ones are gone."""
        return self.filter(user=user, revoked_at=None)

    def alive(self, now: Argument | None = None) -> "ApiKeyQuerySet":
        """Those that open something at this moment."""
        in_time = Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        return self.filter(in_time, revoked_at=None, user__is_active=True)

    def issue(
        self, user: User, name: str, scope: str, expires_at: datetime.datetime | None = None
    ) -> "tuple[ApiKey, str]":
        """A new key, and its text: nobody can ever read that again."""
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        text = f"parley_{prefix}_{secret}"
        fields = {"name": name, "scope": scope, "expires_at": expires_at}
        with transaction.atomic():
            key = self.create(user=user, prefix=prefix, digest=digest(text), **fields)
            AuditEntry.objects.record(user, "api_key.created", key, after={"scope": scope, "expires_at": expires_at})
        return key, text

    def full_for(self, user: User) -> bool:
        """Whether the person has as many as anybody may have."""
        return self.visible_to(user).count() >= MAX_KEYS

    @transaction.atomic
    def end_all(self, user: User, by: User | None = None) -> int:
        """End every key of a person; how many there were."""
        return sum(key.revoke(by) for key in self.visible_to(user))

    def recognise(self, text: str) -> "ApiKey | None":
        """The living key with this text. One query by the public part; the secret is compared in constant time."""
        shape = SHAPE.fullmatch(text)
        if shape is None:
            return None
        found = ALIVE.first(prefix=shape[1], now=timezone.now())
        same = hmac.compare_digest(found.digest if found else NOBODYS, digest(text))
        return found if found and same else None


class ApiKey(models.Model):
    """``prefix`` is public and tells keys apart; of the secret only a hash is kept."""

    class Scope(models.TextChoices):
        CHAT = "chat", _("Read and ask")
        READ = "read", _("Read only")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("it may"), max_length=8, choices=Scope, default=Scope.CHAT)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} (parley_{self.prefix}…)"

    @property
    def may_chat(self) -> bool:
        """Whether it may ask and stop, or only read."""
        return self.scope == self.Scope.CHAT

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def revoke(self, by: User | None = None) -> bool:
        """End it, and with the next pulse whatever is open with it; false when it was ended before.

        Its owner does so, unless somebody else is named.
        """
        with transaction.atomic():
            won = bool(ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()))
            if won:
                AuditEntry.objects.record(by or self.user, "api_key.revoked", self)
        return won

    def touch(self) -> bool:
        """Note that it is used now, unless that has just been noted."""
        now = timezone.now()
        if self.last_used_at is not None and self.last_used_at > now - USED_EVERY:
            return False
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
        return bool(ApiKey.objects.filter(stale, pk=self.pk).update(last_used_at=now))


def digest(text: str) -> str:
    """A plain hash is enough: the key is as random as the hash is long."""
    return hashlib.sha256(text.encode()).hexdigest()


def _alive() -> ApiKeyQuerySet:
    return ApiKey.objects.alive(argument("now", ApiKey, "expires_at")).filter(prefix=argument("prefix", ApiKey))


ALIVE = Select(lambda: _alive().select_related("user"))
