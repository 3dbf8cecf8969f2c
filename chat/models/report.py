"""A message that the moderators were told of; what they were shown, and what they decided."""

import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Notice

from .generation import Generation
from .hidden_message import HiddenMessage
from .message import Message

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from accounts.models import User

    from .content_rule import ContentRule

CONTEXT = 2  # messages before the one that is reported
MAX_NOTE = 500


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> "ReportQuerySet":
        return self.exclude(state=Report.State.DECIDED)

    def report(self, message: Message, reason: str, text: str = "", *, by: "User") -> "Report":
        """What a person reports; while their report of it is open, their new words replace the old ones."""
        before = self.open().filter(message=message, reporter=by).first()
        if before is not None:
            before.reason, before.text = reason, text
            before.save(update_fields=["reason", "text"])
            return before
        return self._file(message, reporter=by, reason=reason, text=text)

    def flag(self, message: Message, rule: "ContentRule | None", name: str) -> "Report":
        """What a content rule has found, once for each message while it is open."""
        before = self.open().filter(message=message, rule=rule, reporter=None).first()
        return before or self._file(message, rule=rule, reason=Report.Reason.RULE, text=name)

    def _file(self, message: Message, **fields: Any) -> "Report":
        author = message.conversation.owner
        return self.create(message=message, author=author, shown=frozen(message), **fields)


class Report(models.Model):
    """``shown`` is a copy of the message and a little of what came before it, made when it was reported: that is all
    moderators see. ``author`` is whose conversation it is: they asked, or wrote, what is reported."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        ASSIGNED = "assigned", _("assigned")
        DECIDED = "decided", _("decided")

    class Reason(models.TextChoices):
        HARMFUL = "harmful", _("Dangerous or harmful")
        HATEFUL = "hateful", _("Hateful or harassing")
        SEXUAL = "sexual", _("Sexual content")
        PRIVATE = "private", _("Private or confidential data")
        ILLEGAL = "illegal", _("Illegal")
        OTHER = "other", _("Something else")
        RULE = "rule", _("Found by a content rule")

        @classmethod
        def given(cls) -> "list[tuple[str, str]]":
            """Those that people choose from."""
            return [(reason.value, str(reason.label)) for reason in cls if reason is not cls.RULE]

    class Decision(models.TextChoices):
        DISMISS = "dismiss", _("Dismiss the report")
        HIDE = "hide", _("Hide the message")
        WARN = "warn", _("Warn the author")
        SUSPEND = "suspend", _("Suspend the author")
        DEACTIVATE = "deactivate", _("Deactivate the author’s account")

    message = models.ForeignKey("Message", null=True, on_delete=models.SET_NULL, related_name="reports")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    rule = models.ForeignKey("ContentRule", null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    text = models.CharField(_("in their words"), max_length=MAX_NOTE, blank=True)
    shown = models.JSONField(default=list)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.NEW)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    note = models.CharField(_("note"), max_length=MAX_NOTE, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("reported"), default=timezone.now, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], condition=~Q(state="decided"), name="open_reports"),
            models.Index(fields=["-created_at"], name="reports_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.created_at:%Y-%m-%d %H:%M})"

    def assign(self, to: "User") -> bool:
        """Somebody looks after it; false when it is decided."""
        fields = {"state": self.State.ASSIGNED, "assignee": to}
        return self._move(**fields)

    @transaction.atomic
    def decide(self, decision: str, *, by: "User", note: str = "", until: datetime.datetime | None = None) -> bool:
        """Carry a decision out and tell those it is about; false when somebody was quicker.

        ``until`` is for a suspension. Raises StillWritten, LastAdmin, and then nothing has changed.
        """
        fields = {"state": self.State.DECIDED, "decision": decision, "note": note, "decided_by": by}
        if not self._move(**fields, decided_at=timezone.now()):
            return False
        self._carry_out(decision, by, note, until)
        self._tell(decision, note, until)
        AuditEntry.objects.record(
            by, f"report.{decision}", self, after={"author": self.author, "until": until}, note=note
        )
        return True

    def _carry_out(self, decision: str, by: "User", note: str, until: datetime.datetime | None) -> None:
        match decision:
            case self.Decision.HIDE if self.message is not None:
                HiddenMessage.objects.hide(self.message, by=by)
            case self.Decision.SUSPEND if self.author is not None and until is not None:
                self.author.suspend(until, by=by, because=note)
                Generation.objects.active().filter(user=self.author).update(cancel_requested_at=timezone.now())
            case self.Decision.DEACTIVATE if self.author is not None:
                self.author.deactivate(by=by)
                Generation.objects.active().filter(user=self.author).update(cancel_requested_at=timezone.now())

    def _tell(self, decision: str, note: str, until: datetime.datetime | None) -> None:
        """The reporter hears that something was done or not, the author what it means for them."""
        if self.reporter is not None:
            upheld = decision != self.Decision.DISMISS
            sentence = (
                _("A moderator has acted on what you reported. Thank you.")
                if upheld
                else _("A moderator has looked at what you reported and has found nothing to act on.")
            )
            Notice.objects.tell(self.reporter, sentence)
        words = AUTHOR_HEARS.get(decision)
        if words is not None and self.author is not None and self.author != self.reporter:
            told = Notice.objects.tell(self.author, words, until=f"{until:%Y-%m-%d %H:%M %Z}" if until else "")
            if note:
                Notice.objects.filter(pk=told.pk).update(text=f"{told.text} {note}"[:1000])

    def _move(self, **fields: Any) -> bool:
        if not Report.objects.open().filter(pk=self.pk).update(**fields):
            return False
        for name, value in fields.items():
            setattr(self, name, value)
        return True


AUTHOR_HEARS: "dict[str, Promise]" = {
    Report.Decision.HIDE: _("A moderator has hidden one of your messages."),
    Report.Decision.WARN: _("A moderator asks you to keep to the rules of this site."),
    Report.Decision.SUSPEND: _("A moderator has suspended you: you cannot ask for answers until {until}."),
}


def frozen(message: Message) -> list[dict[str, Any]]:
    """The message, and those before it on its branch, as they are now."""
    path = message.conversation.tree().path(message.pk)[-CONTEXT - 1 :]
    found = message.conversation.messages.prefetch_related("generations").in_bulk(path)
    return [_as_shown(found[pk]) for pk in path]


def _as_shown(message: Message) -> dict[str, Any]:
    generation = message.last_generation
    return {
        "role": message.role,
        "text": message.text,
        "thinking": message.thinking,
        "model": generation.model if generation else "",
        "at": message.created_at.isoformat(),
    }
