"""Who besides its owner may read a conversation."""

from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User

    from .conversation import Conversation


class ShareQuerySet(models.QuerySet["Share"]):
    def open_to(self, user: "User") -> "ShareQuerySet":
        """Those that let this person read."""
        return self.filter(Q(for_everyone=True) | Q(people=user))

    @transaction.atomic
    def put(self, conversation: "Conversation", *, for_everyone: bool, people: "Iterable[User]") -> "Share":
        """Share it with exactly these, whoever it was shared with before."""
        share, _created = self.update_or_create(conversation=conversation, defaults={"for_everyone": for_everyone})
        share.people.set(people)
        return share

    def unreadable_among(self, reading: Set[tuple[Any, UUID]]) -> set[tuple[Any, UUID]]:
        """Of (person, conversation of somebody else) those that are not shared any more, or deleted. Two queries."""
        shares = self.filter(conversation__in={key for _person, key in reading}, conversation__deleted_at=None)
        everyone = set(shares.filter(for_everyone=True).values_list("conversation_id", flat=True))
        named = set(shares.values_list("people", "conversation_id"))
        return {(person, key) for person, key in reading if key not in everyone and (person, key) not in named}


class Share(models.Model):
    """A read-only view of a conversation, as it is now and goes on.

    ``for_everyone``: whoever is signed in and has the link. The address is the conversation's own: without a
    share it is a page that does not exist.
    """

    conversation = models.OneToOneField("Conversation", on_delete=models.CASCADE, related_name="share")
    for_everyone = models.BooleanField(default=False)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ShareQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.conversation_id)
