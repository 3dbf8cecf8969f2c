"""A member of the staff who reads somebody's conversation: with a reason, for an hour, and the owner sees it."""

import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Notice

if TYPE_CHECKING:
    from accounts.models import User

    from .conversation import Conversation

OPEN_FOR = datetime.timedelta(hours=1)


class ConversationReadingManager(models.Manager["ConversationReading"]):
    @transaction.atomic
    def begin(self, conversation: "Conversation", *, by: "User", reason: str) -> "ConversationReading":
        """Open a conversation to somebody else; its owner is told."""
        reading = self.create(
            conversation=conversation,
            owner=conversation.owner,
            reader=by,
            reader_name=str(by),
            reason=reason,
            expires_at=timezone.now() + OPEN_FOR,
        )
        sentence = _("{name} has opened one of your conversations. Reason: {reason}")
        Notice.objects.tell(conversation.owner, sentence, name=by, reason=reason)
        after = {"conversation": conversation.pk}
        AuditEntry.objects.record(by, "conversation.read", reading, after=after, note=reason)
        return reading


class ConversationReading(models.Model):
    """It outlives the conversation and the reader: the owner's record of who read."""

    conversation = models.ForeignKey("Conversation", null=True, on_delete=models.SET_NULL, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reader_name = models.CharField(max_length=254)
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    objects = ConversationReadingManager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        default_permissions = ()
        permissions: ClassVar = [("read_conversations", "Can read other people's conversations, with a reason")]

    def __str__(self) -> str:
        return f"{self.reader_name}: {self.reason}"

    @property
    def open(self) -> bool:
        return self.expires_at > timezone.now()
