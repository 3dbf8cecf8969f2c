"""One attempt at an assistant message: its state, who runs it, what it used."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from config.statements import Insert, Select, Update, argument, arguments

from .conversation import Conversation

if TYPE_CHECKING:
    from accounts.models import User

LEASE = datetime.timedelta(seconds=settings.LEASE_S)


def new_lease() -> datetime.datetime:
    """When a lease ends that begins or is renewed now."""
    return timezone.now() + LEASE


class GenerationQuerySet(models.QuerySet["Generation"]):
    def visible_to(self, user: "User") -> "GenerationQuerySet":
        """Those of the person's own conversations."""
        return self.filter(message__conversation__owner=user, message__conversation__deleted_at=None)

    def led_to(self, user: "User", request_id: UUID) -> "Generation | None":
        """The one that a person's request led to; hardly ever there."""
        if not KNOWN.all(user=user.pk, request_id=request_id):
            return None
        return self.select_related("message", "continues").get(user=user, request_id=request_id)

    def writing(self, message: UUID) -> "Generation | None":
        """The one that writes this message now."""
        return WRITING.first(message=message)

    def readable_by(self, user: "User") -> "GenerationQuerySet":
        """Those whose conversation the person may read."""
        return self.filter(message__conversation__in=Conversation.objects.readable_by(user))

    def active(self) -> "GenerationQuerySet":
        """Queued or running."""
        return self.filter(status__in=Generation.Status.active())

    def held(self, pk: UUID, fence: int) -> "GenerationQuerySet":
        """The one generation, if it still runs under this fence: what a runner's writes are limited to."""
        return self.filter(pk=pk, fence=fence, status=Generation.Status.RUNNING)

    def abandoned(self) -> "GenerationQuerySet":
        """Active ones whose process does not renew its lease any more: it is gone, or it hangs."""
        return self.active().filter(Q(lease_expires_at=None) | Q(lease_expires_at__lte=timezone.now()))

    def watched(self, pks: Sequence[UUID]) -> None:
        """Somebody watches these in another process than the one that writes them."""
        self.active().filter(pk__in=pks).update(watched_at=timezone.now())

    def renew_leases(self, fences: Mapping[UUID, int]) -> "dict[UUID, bool]":
        """Renew the leases of generations that wait or run, given with their fences.

        Returns those still held, each with whether someone asked to cancel it; a missing one has been replaced.
        """
        by_fence: dict[int, list[UUID]] = defaultdict(list)
        for pk, fence in fences.items():
            by_fence[fence].append(pk)
        held: dict[UUID, bool] = {}
        for fence, pks in by_fence.items():
            mine = self.active().filter(pk__in=pks, fence=fence)
            mine.update(lease_expires_at=new_lease())
            held.update((pk, at is not None) for pk, at in mine.values_list("pk", "cancel_requested_at"))
        return held

    def outgrow_their_logs(self, fences: Mapping[UUID, int]) -> set[UUID]:
        """Viewers see more than the shared logs hold: who takes over must begin a new epoch. Returns those held."""
        held: set[UUID] = set()
        for pk, fence in fences.items():
            if self.held(pk, fence).update(epoch=F("epoch") + 1):
                held.add(pk)
        return held

    def keep_their_logs(self, epochs: Mapping[UUID, tuple[int, int]]) -> None:
        """The shared logs, given with fence and epoch, hold all that was seen: who takes over goes on in them."""
        for pk, (fence, epoch) in epochs.items():
            self.held(pk, fence).update(epoch=epoch)


class Generation(models.Model):
    """The record of a generation; the log has its events, the message its text.

    Every move is one conditional UPDATE that says whether it won. ``fence`` counts the runners there
    have been: a runner writes only while the fence is its own. The generation wrote
    ``message.text[text_start:text_start + text_length]``: a continuation writes on in the same message.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        CANCELLED = "cancelled"
        INTERRUPTED = "interrupted"
        TRUNCATED = "truncated"
        FAILED = "failed"

        @classmethod
        def active(cls) -> "list[Generation.Status]":
            return [cls.QUEUED, cls.RUNNING]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="generations")
    request_id = models.UUIDField()
    message = models.ForeignKey("Message", on_delete=models.CASCADE, related_name="generations")
    continues = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    language_model = models.ForeignKey("LanguageModel", null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=200, help_text="name of the model that spoke")
    allow_fallback = models.BooleanField(default=True, help_text="another model may answer when this one cannot")

    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    finish_reason = models.CharField(max_length=32, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    retry_after_s = models.FloatField(null=True)

    process = models.UUIDField(null=True, help_text="the process that runs it")
    fence = models.PositiveIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=1)
    takeovers = models.PositiveSmallIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True, help_text="when a viewer in another process was last there")

    max_output_tokens = models.PositiveIntegerField()
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_input_tokens = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=True)

    text_start = models.PositiveIntegerField(default=0)
    text_length = models.PositiveIntegerField(default=0)
    thinking_start = models.PositiveIntegerField(default=0)
    thinking_length = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    first_token_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "request_id"], name="one_generation_per_request"),
            models.UniqueConstraint(
                fields=["message"],
                condition=Q(status__in=["queued", "running"]),
                name="one_active_generation_per_message",
            ),
        ]
        indexes: ClassVar = [
            # Whole: SQLite uses no index on a part of the table when the status is a parameter.
            models.Index(fields=["status", "lease_expires_at"], name="generations_by_status"),
            models.Index(fields=["user", "created_at"], name="generations_of_a_person"),
            models.Index(fields=["created_at"], name="generations_by_day"),
            models.Index(fields=["started_at"], name="generations_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.status}"

    @property
    def active(self) -> bool:
        """Whether it has not ended yet, as far as this object knows."""
        return self.status in self.Status.active()

    def store(self) -> None:
        """It is new."""
        INSERT.run(self)

    def claim(self, process: UUID, model: str) -> bool:
        """Become its first runner, with this model to speak; false when it was cancelled or claimed before."""
        fields = {"status": self.Status.RUNNING.value, "process": process, "model": model, "fence": self.fence + 1}
        fields |= {"started_at": timezone.now(), "lease_expires_at": new_lease()}
        if not CLAIM.run(pk=self.pk, held=self.fence, **fields):
            return False
        self._become(fields)
        return True

    def take_over(self, process: UUID) -> bool:
        """Become its runner in place of a dead one, or the one it waits at; false when another was quicker."""
        same = Generation.objects.filter(pk=self.pk, fence=self.fence, status=self.status)
        unchanged = same.filter(lease_expires_at=self.lease_expires_at)
        takeovers = self.takeovers + (self.status == self.Status.RUNNING)
        return self._move(unchanged, process=process, takeovers=takeovers, lease_expires_at=new_lease())

    def give_up(self) -> bool:
        """Stop being its runner without ending it: another process may take it over at once."""
        mine = Generation.objects.active().filter(pk=self.pk, fence=self.fence)
        return bool(mine.update(lease_expires_at=timezone.now()))

    def start_over(self, model: str) -> bool:
        """Begin the log anew with another model, before anything of the answer has been seen."""
        won = Generation.objects.held(self.pk, self.fence).update(model=model, epoch=self.epoch + 1)
        if won:
            self.model = model
            self.epoch += 1
        return bool(won)

    def finish(self, **end: Any) -> bool:
        """Enter the final state given by the fields; false when the runner has been replaced."""
        end["finished_at"] = timezone.now()
        if not _finish(*end).run(pk=self.pk, held=self.fence, **end):
            return False
        self._become(end)
        return True

    def finish_queued(self, **end: Any) -> bool:
        """End it before it began; false when it is not waiting any more."""
        end["finished_at"] = timezone.now()
        if not Generation.objects.filter(pk=self.pk, status=self.Status.QUEUED).update(**end):
            return False
        self._become(end)
        return True

    def request_cancel(self) -> bool:
        """Ask its runner, whichever process that is, to stop."""
        return bool(Generation.objects.active().filter(pk=self.pk).update(cancel_requested_at=timezone.now()))

    def cancel_requested(self) -> bool:
        """Whether somebody has asked for that and it still waits to be run."""
        waiting = Generation.objects.filter(pk=self.pk, status=self.Status.QUEUED)
        return waiting.exclude(cancel_requested_at=None).exists()

    def _move(self, candidates: GenerationQuerySet, **fields: Any) -> bool:
        """Become the runner under the next fence."""
        fields["fence"] = self.fence + 1
        if not candidates.update(**fields):
            return False
        self._become(fields)
        return True

    def _become(self, fields: Mapping[str, Any]) -> None:
        """As the database has it now."""
        for name, value in fields.items():
            setattr(self, name, value)


@cache
def _finish(*names: str) -> Update:
    """The end of one that runs under a fence; these fields say which."""
    return Update(lambda: (_held(), arguments(Generation, names)))


def _held() -> GenerationQuerySet:
    return Generation.objects.held(argument("pk", Generation), argument("held", Generation, "fence"))  # type: ignore[arg-type]


def _waiting() -> GenerationQuerySet:
    one = Generation.objects.filter(pk=argument("pk", Generation), fence=argument("held", Generation, "fence"))
    return one.filter(status=Generation.Status.QUEUED, cancel_requested_at=None)


CLAIMED = ("status", "process", "model", "fence", "started_at", "lease_expires_at")
INSERT = Insert(Generation)
KNOWN = Select(
    lambda: Generation.objects.filter(
        user=argument("user", Generation), request_id=argument("request_id", Generation)
    ).values_list("pk")
)
WRITING = Select(lambda: Generation.objects.active().filter(message=argument("message", Generation)))
CLAIM = Update(lambda: (_waiting(), arguments(Generation, CLAIMED)))
