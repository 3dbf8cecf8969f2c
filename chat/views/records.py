"""The API's plain questions: what there is, as JSON."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from chat.database import in_database
from chat.generating.frames import budget_now
from chat.models import Conversation, LanguageModel, Message
from chat.protocol import Refused
from chat.protocol.records import (
    ConversationPage,
    ConversationRecord,
    ConversationWhole,
    Me,
    MessageRecord,
    ModelList,
    ModelRecord,
)

from .events import api

PAGE, MOST = 50, 200
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


@require_GET
@api
async def conversations(request: HttpRequest, user: User) -> HttpResponse:
    """One's own, newest first; ``before`` is the ``next`` of the page before, ``limit`` how many."""
    return _json(await in_database(_page, user, _before(request), _limit(request)))


@require_GET
@api
async def conversation(request: HttpRequest, user: User, pk: UUID) -> HttpResponse:
    """One that the person may read, with all its messages."""
    return _json(await in_database(_whole, user, pk))


@require_GET
@api
async def models(request: HttpRequest, user: User) -> HttpResponse:
    return _json(await in_database(_models, user))


@require_GET
@api
async def me(request: HttpRequest, user: User) -> HttpResponse:
    return _json(Me(user.pk, user.name, user.email, await in_database(budget_now, user)))


def _page(user: User, before: tuple[datetime, UUID] | None, limit: int) -> ConversationPage:
    rows = Conversation.objects.visible_to(user).order_by("-updated_at", "-pk")
    if before is not None:
        at, pk = before
        rows = rows.filter(Q(updated_at__lt=at) | Q(updated_at=at, pk__lt=pk))
    found = list(rows[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    follows = f"{last.updated_at.astimezone(UTC):{MOMENT}},{last.pk}" if last else None
    return ConversationPage([_record(row) for row in found[:limit]], follows)


def _whole(user: User, pk: UUID) -> ConversationWhole:
    found = Conversation.objects.readable_by(user).filter(pk=pk).first()
    if found is None:
        raise Refused("not_found", _("This conversation does not exist."))
    messages = found.messages.prefetch_related("generations").order_by("created_at", "pk")
    return ConversationWhole(_record(found), found.active_leaf_id, [_message(message) for message in messages])


def _models(user: User) -> ModelList:
    return ModelList(
        [
            ModelRecord(each.name, str(each), each.provider, each.context_window, each.max_output_tokens)
            for each in LanguageModel.objects.visible_to(user)
        ]
    )


def _record(row: Conversation) -> ConversationRecord:
    marks = row.pinned_at is not None, row.archived_at is not None
    return ConversationRecord(row.pk, str(row), row.created_at, row.updated_at, *marks)


def _message(row: Message) -> MessageRecord:
    spoke = row.last_generation
    told = (spoke.model, spoke.status, spoke.finish_reason or None) if spoke else (None, None, None)
    return MessageRecord(row.pk, row.parent_id, row.role, row.text, row.created_at, *told)


def _json(answer: Any) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")


def _before(request: HttpRequest) -> tuple[datetime, UUID] | None:
    text = request.GET.get("before")
    if text is None:
        return None
    moment, _comma, pk = text.partition(",")
    try:
        return datetime.strptime(moment, MOMENT).replace(tzinfo=UTC), UUID(pk)
    except ValueError:
        words = _("This is not where a page of conversations ended.")
        raise Refused("bad_request", words, field="before") from None


def _limit(request: HttpRequest) -> int:
    text = request.GET.get("limit", str(PAGE))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and 1 <= int(text) <= MOST):
        raise Refused("bad_request", _("A page holds from 1 to %d conversations.") % MOST, field="limit")
    return int(text)
