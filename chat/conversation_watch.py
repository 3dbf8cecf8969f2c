"""Whose conversations are others than when they were last looked at: for those whom no hint has reached."""

from collections.abc import Set
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Func, IntegerField, Max, Sum

from .models import Conversation


class ConversationWatch:
    """Remembers a summary for each of those who are watched. Needs PostgreSQL, for nothing else has other processes."""

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[Any, ...]] = {}

    def changed_among(self, user_ids: Set[UUID]) -> dict[UUID, UUID]:
        """Those with other titles, messages or states than at the last call, or not asked about then; and their newest.

        Blocking: one query, one more for each who is new or has news.
        """
        title = Func(F("title"), function="hashtext", output_field=IntegerField())
        times = {f"last_{name}": Max(f"{name}_at") for name in ("updated", "pinned", "archived", "deleted")}
        rows = Conversation.objects.filter(owner__in=user_ids).order_by().values("owner")
        summaries = rows.annotate(count=Count("pk"), titles=Sum(title), **times)
        now = {owner: tuple(rest) for owner, *rest in summaries.values_list("owner", "count", "titles", *times)}
        changed = [owner for owner, summary in now.items() if self._known.get(owner) != summary]
        self._known = now
        newest = Conversation.objects.order_by("-updated_at").values_list("pk", flat=True)
        return {owner: pk for owner in changed if (pk := newest.filter(owner=owner).first())}
