"""What the site has to tell one person: shown on their pages until they have read it."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone, translation

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from .user import User

MAX_TEXT = 1000


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread_by(self, user: "User") -> "NoticeQuerySet":
        return self.filter(user=user, read_at=None)

    def tell(self, user: "User", sentence: "str | Promise", **values: object) -> "Notice":
        """Say a sentence in the person's own language; ``values`` fill its ``{places}``."""
        with translation.override(user.language or settings.LANGUAGE_CODE):
            said = {name: str(value) for name, value in values.items()}
            return self.create(user=user, text=str(sentence).format(**said)[:MAX_TEXT])


class Notice(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    text = models.CharField(max_length=MAX_TEXT)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["created_at"]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=models.Q(read_at__isnull=True), name="unread_notices"),
        ]

    def __str__(self) -> str:
        return self.text

    def read(self) -> bool:
        """The person has seen it; false when they had before."""
        return bool(Notice.objects.filter(pk=self.pk, read_at=None).update(read_at=timezone.now()))
