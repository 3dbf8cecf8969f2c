"""The list of conversations: the pinned ones, then by day, some at a time; and the archived ones by themselves."""

import dataclasses
import datetime
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chat.models import Conversation

PAGE = 40
MOST = 400


@dataclasses.dataclass(frozen=True)
class Day:
    label: str
    conversations: list[Conversation]


@dataclasses.dataclass(frozen=True)
class Sidebar:
    """``follow`` is the offset of what comes next, None at the end; ``under`` the heading it goes on under."""

    days: list[Day]
    follow: int | None
    under: str
    archived: bool = False

    @classmethod
    def of(
        cls, user: User, offset: int = 0, count: int = PAGE, under: str = "", *, archived: bool = False
    ) -> "Sidebar":
        """Some conversations of a person, newest first; the heading ``under`` is not said again."""
        mine = Conversation.objects.visible_to(user).with_activity()
        shown = mine.filter(archived_at__isnull=not archived)
        pinned = [] if archived or offset else list(shown.filter(pinned_at__isnull=False).order_by("-pinned_at"))
        listed = shown if archived else shown.filter(pinned_at=None)
        rows = list(listed.order_by("-updated_at", "-pk")[offset : offset + count + 1])
        grouped = groupby(rows[:count], key=lambda row: day_label(timezone.localdate(row.updated_at)))
        days = [Day("" if label == under else label, list(group)) for label, group in grouped]
        more = len(rows) > count
        under = (days[-1].label or under) if days else under
        groups = [Day(_("Pinned"), pinned), *days] if pinned else days
        return cls(groups, offset + count if more else None, under, archived)


def day_label(day: datetime.date) -> str:
    """The heading a conversation of that day stands under: today, yesterday, last week, the month."""
    match (timezone.localdate() - day).days:
        case age if age <= 0:
            return _("Today")
        case 1:
            return _("Yesterday")
        case age if age <= 7:
            return _("Previous 7 days")
    return formats.date_format(day, "YEAR_MONTH_FORMAT")


def conversation_list(request: HttpRequest) -> HttpResponse:
    """``offset`` and ``under`` for more of it; ``count`` to refresh as many as are shown; ``archived`` for those."""
    assert isinstance(request.user, User)
    offset = _number(request, "offset", 0, MOST * 100)
    count = _number(request, "count", PAGE, MOST)
    archived = request.GET.get("archived") == "1"
    sidebar = Sidebar.of(request.user, offset, max(count, PAGE), request.GET.get("under", ""), archived=archived)
    return render(request, "chat/_conversation_list.html", {"sidebar": sidebar})


def _number(request: HttpRequest, name: str, default: int, most: int) -> int:
    text = request.GET.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else default
