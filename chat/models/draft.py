"""What somebody has begun to write and not sent: one text for each conversation, and one for a new one."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

    from .conversation import Conversation


class DraftQuerySet(models.QuerySet["Draft"]):
    def text_of(self, user: "User", conversation: "Conversation | None") -> str:
        """The draft; empty when there is none. None for the conversation that is not begun yet."""
        return self.filter(user=user, conversation=conversation).values_list("text", flat=True).first() or ""

    def keep(self, user: "User", conversation: "Conversation | None", text: str) -> None:
        """This is the draft from now on; without any words there is none."""
        text = text.replace("\0", "")  # which PostgreSQL does not store
        if text.strip():
            fields = {"text": text, "updated_at": timezone.now()}
            self.update_or_create(fields, user=user, conversation=conversation)
        else:
            self.filter(user=user, conversation=conversation).delete()


class Draft(models.Model):
    """The same on all devices of its writer; the last word counts."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    conversation = models.ForeignKey("Conversation", null=True, on_delete=models.CASCADE, related_name="drafts")
    text = models.TextField()
    updated_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "conversation"], name="one_draft_per_conversation"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(conversation__isnull=True), name="one_draft_of_a_new_conversation"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:40]
