"""What somebody thinks of an answer."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

    from .message import Message


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def give(self, user: "User", message: "Message", value: str) -> None:
        """This is what the person thinks from now on."""
        self.update_or_create({"value": value, "created_at": timezone.now()}, user=user, message=message)

    def take_back(self, user: "User", message: "Message") -> None:
        self.filter(user=user, message=message).delete()


class Feedback(models.Model):
    """One opinion of one person on one answer."""

    class Value(models.TextChoices):
        GOOD = "good"
        BAD = "bad"

    message = models.ForeignKey("Message", on_delete=models.CASCADE, related_name="feedback")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feedback")
    value = models.CharField(max_length=4, choices=Value)
    created_at = models.DateTimeField(default=timezone.now)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "user"], name="one_feedback_per_message_and_person"),
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="feedback_by_day")]

    def __str__(self) -> str:
        return self.value
