"""The audit log: who did what to what, each entry chained to the one before it by a hash."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import msgspec
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.client_address import client_address

GENESIS = "0" * 64
MAX_VALUE = 500  # characters of a value that was changed
SECRET = re.compile(r"password|secret|token$|(^|_)keys?$|digest|credential|recovery|session", re.IGNORECASE)
HIDDEN = "(hidden)"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    @transaction.atomic
    def record(
        self,
        actor: Any,
        action: str,
        target: models.Model | None = None,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        note: str = "",
    ) -> "AuditEntry":
        """Append what ``actor`` (None: the system) did: ``record(grace, "budget.granted", alice, after={…})``.

        Call it last in a transaction: it holds the end of the chain until that commits. Values under names
        that sound like a secret are hidden, all others are cut to a length.
        """
        heads = AuditHead.objects.filter(pk=1)
        if not heads.update(count=F("count") + 1):  # the lock on the chain, on every database
            AuditHead.objects.get_or_create(pk=1)
            heads.update(count=F("count") + 1)
        head = heads.get()
        person = actor if getattr(actor, "pk", None) else None
        entry = self.model(
            position=head.count,
            at=timezone.now(),
            actor=person.pk if person else None,
            actor_name=clean(person.email if person else ""),
            action=action,
            target_type=target._meta.label_lower if target is not None else "",  # noqa: SLF001 (public)
            target=clean(target.pk if target is not None else ""),
            target_name=clean(target if target is not None else "")[:200],
            before=plain(before or {}),
            after=plain(after or {}),
            note=clean(note),
            address=client_address.get()[:45],
            previous_hash=head.hash,
        )
        entry.hash = entry.digest()
        entry.save(force_insert=True)
        heads.update(hash=entry.hash)
        return entry

    def verify(self) -> "Verdict":
        """Look at the whole chain: nothing changed, removed, put elsewhere or cut off at the end."""
        count, last = 0, GENESIS
        for entry in self._from_the_beginning():
            wrong = entry.problem_after(count, last)
            if wrong:
                return Verdict(count, last, wrong)
            count, last = entry.position, entry.hash
        head = AuditHead.objects.filter(pk=1).first()
        known = (head.count, head.hash) if head else (0, GENESIS)
        if known != (count, last):
            return Verdict(count, last, f"The log ends at entry {count}, but {known[0]} were written.")
        return Verdict(count, last)

    def _from_the_beginning(self) -> Iterator["AuditEntry"]:
        return self.order_by("position").iterator(chunk_size=2000)


class Verdict(msgspec.Struct, frozen=True):
    """How far the chain holds, the hash there, and what is wrong after it; nothing: all of it holds."""

    count: int
    hash: str
    problem: str = ""


class AuditHead(models.Model):
    """Where the chain ends: one row, the lock under which entries are appended."""

    count = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)

    def __str__(self) -> str:
        return f"{self.count}:{self.hash}"


class AuditEntry(models.Model):
    """One thing that was done. The database refuses to change or remove it (``audit_triggers``).

    It refers to nobody and nothing by key, because it outlives them: names are those of the time.
    """

    position = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.UUIDField(null=True, db_index=True)
    actor_name = models.CharField(_("who"), max_length=500, blank=True)
    action = models.CharField(_("what"), max_length=64, db_index=True)
    target_type = models.CharField(_("kind"), max_length=100, blank=True)
    target = models.CharField(max_length=500, blank=True, db_index=True)
    target_name = models.CharField(_("to what"), max_length=200, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering: ClassVar = ["-position"]

    def __str__(self) -> str:
        return f"{self.position} {self.action} {self.target_name}"

    def digest(self) -> str:
        """The SHA-256 of all that the entry says, the hash of the one before it included."""
        fields = self.record | {"previous_hash": self.previous_hash}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def record(self) -> dict[str, Any]:
        """What it says, as JSON can hold it."""
        return {
            "position": self.position,
            "at": self.at.astimezone(timezone.get_default_timezone()).isoformat(timespec="microseconds"),
            "actor": str(self.actor or ""),
            "actor_name": self.actor_name,
            "action": self.action,
            "target_type": self.target_type,
            "target": self.target,
            "target_name": self.target_name,
            "before": self.before,
            "after": self.after,
            "note": self.note,
            "address": self.address,
        }

    def problem_after(self, count: int, last: str) -> str:
        """Why it cannot be what was written after ``count`` others, of which ``last`` is the hash; empty: it can."""
        if self.position != count + 1:
            return f"Entry {count + 1} is missing."
        if self.previous_hash != last:
            return f"Entry {self.position} does not follow the one before it."
        if self.hash != self.digest():
            return f"Entry {self.position} has been changed."
        return ""


def clean(value: object) -> str:
    """As text that every database takes."""
    text = str(value).encode("utf-8", "replace").decode().replace("\x00", "�")
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def plain(fields: Mapping[str, object]) -> dict[str, Any]:
    """Fields as JSON can hold them, without secrets."""
    return {clean(name): HIDDEN if SECRET.search(name) else _plain(value) for name, value in fields.items()}


def _plain(value: object) -> Any:
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return clean(value)
