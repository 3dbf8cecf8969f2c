"""One message of a conversation."""

import datetime
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from config.statements import Insert, Select, Update, argument, arguments

from .conversation import Conversation

if TYPE_CHECKING:
    from accounts.models import User

    from .generation import Generation


CHECKPOINT = """
    UPDATE chat_message SET text = %s, thinking = %s WHERE id = %s AND EXISTS (
        SELECT 1 FROM chat_generation WHERE chat_generation.id = %s AND fence = %s AND status = 'running'
    )
"""
# From an answer or a prompt up to the root: what Django cannot say in one query, and what a model reads.
BRANCH = """
    WITH RECURSIVE branch (id, parent_id, role, text, depth) AS (
        SELECT id, parent_id, role, text, 0 FROM chat_message WHERE id = %s
        UNION ALL
        SELECT above.id, above.parent_id, above.role, above.text, branch.depth + 1
        FROM chat_message above JOIN branch ON above.id = branch.parent_id
    )
    SELECT role, text FROM branch ORDER BY depth DESC
"""
Checkpoint = tuple[uuid.UUID, uuid.UUID, int, str, str]  # message, generation, fence, text, thinking


class Said(NamedTuple):
    """What a model reads of a message."""

    role: str
    text: str


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: "User") -> "MessageQuerySet":
        """Those of the person's own conversations."""
        return self.filter(conversation__owner=user, conversation__deleted_at=None)

    def readable_by(self, user: "User") -> "MessageQuerySet":
        """Those of the conversations the person may read."""
        return self.filter(conversation__in=Conversation.objects.readable_by(user))

    def hidden_since(self, when: datetime.datetime) -> "MessageQuerySet":
        """Those that a moderator has taken away since then."""
        return self.filter(hidden_at__gte=when)

    def checkpoint(self, texts: "Iterable[Checkpoint]") -> None:
        """Store running answers as they are now, but for those whose runner has been replaced.

        One prepared statement for all: a query built for each would hold the interpreter for so long that
        tokens wait for it.
        """
        adapt = models.UUIDField().get_db_prep_value
        with connection.cursor() as cursor:
            cursor.executemany(
                CHECKPOINT,
                [
                    (text, thinking, adapt(message_id, connection), adapt(generation_id, connection), fence)
                    for message_id, generation_id, fence, text, thinking in texts
                ],
            )

    def store(self, *new: "Message") -> None:
        """In one statement."""
        INSERT.run(*new)

    def of(self, conversation: "Conversation", pk: uuid.UUID) -> "Message | None":
        """The one of this conversation with this key."""
        return OF.first(pk=pk, conversation=conversation.pk)

    def write(self, pk: uuid.UUID, text: str, thinking: str) -> None:
        """What an answer says now that it has ended."""
        WRITE.run(pk=pk, text=text, thinking=thinking)

    def held_by(self, generation_id: uuid.UUID, fence: int) -> "MessageQuerySet":
        """The message that a generation writes, as long as its runner has not been replaced."""
        return self.filter(generations__pk=generation_id, generations__fence=fence, generations__status="running")


class Message(models.Model):
    """A node of the conversation's tree: siblings are edits of a prompt or other answers to the same one.

    ``text`` is Markdown as it was written. While an answer is being generated it holds the last
    checkpoint; the log has the rest.
    """

    class Role(models.TextChoices):
        SYSTEM = "system"
        USER = "user"
        ASSISTANT = "assistant"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey("Conversation", on_delete=models.CASCADE, related_name="messages")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    role = models.CharField(max_length=10, choices=Role)
    text = models.TextField(blank=True)
    thinking = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    hidden_at = models.DateTimeField(null=True, editable=False)  # by a moderator; the text says so

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["created_at"]
        indexes: ClassVar = [
            models.Index(fields=["hidden_at"], condition=Q(hidden_at__isnull=False), name="hidden_messages"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.text[:40]}"

    def branch(self) -> list[Said]:
        """What has been said from the root up to this message, which may be new. One query; none for a root."""
        own = Said(self.role, self.text)
        if self.parent_id is None:
            return [own]
        with connection.cursor() as cursor:
            cursor.execute(BRANCH, [models.UUIDField().get_db_prep_value(self.parent_id, connection)])
            return [*(Said(*row) for row in cursor.fetchall()), own]

    @property
    def last_generation(self) -> "Generation | None":
        """The generation that wrote the end of this answer; None for a prompt."""
        return max(self.generations.all(), key=lambda generation: generation.created_at, default=None)

    @property
    def active_generation(self) -> "Generation | None":
        """The generation that is writing this answer now."""
        from .generation import Generation

        return Generation.objects.writing(self.pk)


INSERT = Insert(Message)
OF = Select(lambda: Message.objects.filter(pk=argument("pk", Message), conversation=argument("conversation", Message)))
WRITE = Update(lambda: (Message.objects.filter(pk=argument("pk", Message)), arguments(Message, ("text", "thinking"))))
