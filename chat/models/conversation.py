"""A conversation: a tree of messages, one path through which is the active branch."""

import datetime
import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry
from config.statements import Insert, Select, Update, argument, arguments

from . import search
from .message_tree import MessageTree

if TYPE_CHECKING:
    from accounts.models import User

    from .generation import Generation
    from .message import Message

TITLE_LENGTH = 60
UNDO = datetime.timedelta(minutes=5)  # how long a deletion can be taken back; then everything goes


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: "User") -> "ConversationQuerySet":
        """Those the person may do everything with: their own, as long as they are not deleted."""
        return self.filter(owner=user, deleted_at=None)

    def readable_by(self, user: "User") -> "ConversationQuerySet":
        """Those the person may read: their own, and what others share with them."""
        from .share import Share

        shared = Exists(Share.objects.open_to(user).filter(conversation=OuterRef("pk")))
        return self.filter(Q(owner=user) | shared, deleted_at=None)

    def shared_with(self, user: "User") -> "ConversationQuerySet":
        """Those of others that were shared with this person by name, newest first."""
        return self.filter(share__people=user, deleted_at=None).exclude(owner=user).order_by("-updated_at", "-pk")

    def of(self, owner: "User", pk: uuid.UUID) -> "Conversation | None":
        """One of those that are visible to them."""
        return OWN.first(pk=pk, owner=owner.pk)

    def begin(self, user: "User", prompt: str) -> "Conversation":
        """A new one, named by the first words of its first prompt until there is a better title.

        It is stored with its first messages, when it grows.
        """
        state = Conversation.TitleState.FIRST_WORDS
        return Conversation(owner=user, title=Conversation.title_from(prompt), title_state=state)

    def restorable_by(self, user: "User") -> "ConversationQuerySet":
        """Those whose deletion the person can still take back."""
        return self.filter(owner=user, deleted_at__gt=timezone.now() - UNDO)

    def purgeable(self) -> "ConversationQuerySet":
        """Those whose deletion nobody can take back any more."""
        return self.filter(deleted_at__lte=timezone.now() - UNDO).not_held()

    def not_held(self) -> "ConversationQuerySet":
        """Those that no legal hold keeps, neither on them nor on their owner."""
        from .legal_hold import LegalHold

        held = LegalHold.objects.filter(Q(conversation=OuterRef("pk")) | Q(user=OuterRef("owner")))
        return self.filter(~Exists(held))

    def search(self, user: "User", words: str) -> list[search.FoundConversation]:
        """The person's conversations that hold all of these words or words that begin so, newest hits first."""
        return search.search(user, words)

    def with_activity(self) -> "ConversationQuerySet":
        """Each with ``running``: an answer is being written; and ``unseen``: the newest one ended since it was seen."""
        from .generation import Generation

        running = Generation.objects.active().filter(message__conversation=OuterRef("pk"))
        return self.annotate(running=Exists(running), unseen=Exists(_ended_unseen()))


def _ended_unseen() -> "models.QuerySet[Generation]":
    """The generations of a conversation's newest message that ended after the owner last saw it."""
    from .generation import Generation

    return Generation.objects.filter(message=OuterRef("active_leaf"), finished_at__gt=OuterRef("seen_at"))


class Conversation(models.Model):
    """What one person and a model said to each other. ``active_leaf`` is the newest message of the active branch.

    A deleted one is kept until ``UNDO`` has passed. Every change by its owner is one conditional UPDATE that says
    whether it changed anything.
    """

    class TitleState(models.TextChoices):
        """Where the title is from; a model gives one only in place of the first words, and is asked once."""

        FIRST_WORDS = "first_words"
        ASKED = "asked"
        GIVEN = "given"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=200, blank=True)
    title_state = models.CharField(max_length=12, choices=TitleState, default=TitleState.GIVEN)
    active_leaf = models.ForeignKey("Message", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    pinned_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-updated_at"]),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="deleted_conversations"),
        ]

    def __str__(self) -> str:
        return self.title or str(_("New conversation"))

    @staticmethod
    def title_from(prompt: str) -> str:
        """A title from the first words of the first prompt."""
        line = " ".join(prompt.split())
        return line if len(line) <= TITLE_LENGTH else line[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"

    def tree(self) -> MessageTree:
        """The shape of the conversation. One query of ids, whatever the texts."""
        return MessageTree(self.messages.order_by("created_at", "pk").values_list("pk", "parent_id"))

    def branch(self, leaf: "Message | None" = None) -> "list[Message]":
        """The messages from the root to ``leaf`` (the active branch when None), in reading order.

        Two queries, whatever the length: the shape of the tree, then the messages on the path. None for the root.
        """
        if leaf is not None and leaf.parent_id is None:
            return [leaf]
        path = self.tree().path(leaf.pk if leaf else self.active_leaf_id)
        found = self.messages.in_bulk(path)
        return [found[pk] for pk in path]

    def choose_branch(self, through: uuid.UUID) -> None:
        """Make the newest branch through that message the active one; the conversation is no newer for it."""
        self.active_leaf_id = self.tree().newest_leaf(through)
        self.save(update_fields=["active_leaf"])

    def show_branch_of(self, message: uuid.UUID) -> None:
        """Make a branch with that message the active one, unless it is on it already."""
        tree = self.tree()
        if message not in tree.path(self.active_leaf_id):
            self.choose_branch(message)

    @property
    def last_model(self) -> str | None:
        """Name of the model that spoke last."""
        from .generation import Generation

        spoken = Generation.objects.filter(message__conversation=self).order_by("-created_at")
        return spoken.values_list("model", flat=True).first()

    def touch(self, leaf: "Message") -> None:
        """Make ``leaf`` the end of the active branch and this the newest conversation."""
        self.active_leaf, self.updated_at = leaf, timezone.now()
        TOUCH.run(pk=self.pk, active_leaf=leaf.pk, updated_at=self.updated_at)

    def grow(self, *new: "Message") -> None:
        """Store new messages, the last of which is the end of the active branch; the conversation, too, if it is new.

        To be called in a transaction: what it refers to comes after it.
        """
        from .message import Message

        if self._state.adding:
            self.active_leaf = new[-1]
            INSERT.run(self)
        else:
            self.touch(new[-1])
        Message.objects.store(*new)

    def claim_title(self) -> bool:
        """A model is about to be asked for a title: nobody else asks one, now or ever."""
        return self._change(Q(title_state=self.TitleState.FIRST_WORDS), title_state=self.TitleState.ASKED)

    def take_title(self, title: str) -> bool:
        """The title that a model gave, unless the owner has been quicker."""
        return self._change(Q(title_state=self.TitleState.ASKED), title=title, title_state=self.TitleState.GIVEN)

    def rename(self, title: str) -> bool:
        """Give it the owner's own title, which no model replaces."""
        return self._change(Q(), title=title, title_state=self.TitleState.GIVEN)

    def pin(self) -> bool:
        return self._change(Q(pinned_at=None), pinned_at=timezone.now())

    def unpin(self) -> bool:
        return self._change(Q(pinned_at__isnull=False), pinned_at=None)

    def archive(self) -> bool:
        return self._change(Q(archived_at=None), archived_at=timezone.now())

    def unarchive(self) -> bool:
        return self._change(Q(archived_at__isnull=False), archived_at=None)

    def see(self) -> bool:
        """The owner has seen how it stands."""
        return self._change(Exists(_ended_unseen()), seen_at=timezone.now())

    def discard(self) -> bool:
        """Delete it, so that it can still be restored."""
        with transaction.atomic():
            won = self._change(Q(deleted_at=None), deleted_at=timezone.now())
            if won:  # by its number: the title is not the log's
                AuditEntry.objects.record(self.owner, "conversation.deleted", after={"conversation": self.pk})
        return won

    def restore(self) -> bool:
        return self._change(Q(deleted_at__isnull=False), deleted_at=None)

    def _change(self, condition: "Q | Exists", **fields: object) -> bool:
        if not Conversation.objects.filter(condition, pk=self.pk).update(**fields):
            return False
        for name, value in fields.items():
            setattr(self, name, value)
        return True


INSERT = Insert(Conversation)
TOUCH = Update(
    lambda: (
        Conversation.objects.filter(pk=argument("pk", Conversation)),
        arguments(Conversation, ("active_leaf", "updated_at")),
    )
)
OWN = Select(
    lambda: Conversation.objects.filter(
        pk=argument("pk", Conversation), owner=argument("owner", Conversation), deleted_at=None
    )
)
