"""A message that a moderator has taken away from everybody, and what it said."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from .conversation import Conversation
from .generation import Generation
from .message import Message

if TYPE_CHECKING:
    from accounts.models import User


class StillWritten(Exception):
    """The message is an answer that is being written: its runner would write over whatever is put in its place."""


class HiddenMessageManager(models.Manager["HiddenMessage"]):
    @transaction.atomic
    def hide(self, message: Message, *, by: "User | None") -> bool:
        """Put a sentence in its place, wherever it is read: pages, exports, searches, prompts; false when it is hidden.

        The text itself is moved, not marked, so that nothing that reads messages has to think of it. Raises
        StillWritten.
        """
        if message.active_generation is not None:
            raise StillWritten
        with override(settings.LANGUAGE_CODE):
            instead = _("Hidden by a moderator.")
        visible = Message.objects.filter(pk=message.pk, hidden_at=None)
        text, thinking = visible.values_list("text", "thinking").first() or ("", "")
        if not visible.update(text=instead, thinking="", hidden_at=timezone.now()):
            return False
        self.create(message=message, text=text, thinking=thinking, by=by)
        numbers = {"text_start": 0, "text_length": len(instead), "thinking_start": 0, "thinking_length": 0}
        Generation.objects.filter(message=message).update(**numbers)
        self._forget_title(message)
        message.refresh_from_db(fields=["text", "thinking", "hidden_at"])
        return True

    def _forget_title(self, message: Message) -> None:
        """The first words of a conversation are its title until there is a better one."""
        if message.parent_id is None:
            titles = Conversation.TitleState
            named = Conversation.objects.filter(pk=message.conversation_id).exclude(title_state=titles.GIVEN)
            named.update(title="", title_state=titles.GIVEN)


class HiddenMessage(models.Model):
    """What was there; nobody is shown it but who restores it."""

    message = models.OneToOneField("Message", on_delete=models.CASCADE, related_name="hidden")
    text = models.TextField(blank=True)
    thinking = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = HiddenMessageManager()

    def __str__(self) -> str:
        return str(self.message_id)

    @transaction.atomic
    def restore(self) -> None:
        """Show the message again as it was."""
        Message.objects.filter(pk=self.message_id).update(text=self.text, thinking=self.thinking, hidden_at=None)
        numbers = {"text_length": len(self.text), "thinking_length": len(self.thinking)}
        Generation.objects.filter(message=self.message_id).update(**numbers)
        self.delete()
