"""A person's data: the page about it, all of it as a file, and one conversation as a file."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from uuid import UUID

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from accounts.models import AuditEntry, User
from chat.database import in_database
from chat.exporting import archive, as_markdown, file_name
from chat.models import Conversation, Import


@require_GET
def data(request: HttpRequest) -> HttpResponse:
    return data_page(request)


def data_page(request: HttpRequest, status: int = HTTPStatus.OK) -> HttpResponse:
    """The page, also as the answer to what was done on it."""
    assert isinstance(request.user, User)
    count = Conversation.objects.visible_to(request.user).count()
    context = {"count": count, "job": Import.objects.latest_of(request.user)}
    return render(request, "settings/data.html", context, status=status)


@require_GET
async def export(request: HttpRequest) -> HttpResponseBase:
    """All conversations as a ZIP that is made while it is sent; to whoever proves once more who they are."""
    await sync_to_async(raise_if_reauthentication_required)(request, app="chat")
    user = await request.auser()
    assert isinstance(user, User)
    await in_database(AuditEntry.objects.record, user, "account.exported", user)
    response = StreamingHttpResponse(_pieces(user), content_type="application/zip")
    return _named(response, f"parley-{timezone.localdate():%Y-%m-%d}.zip")


@require_GET
def markdown(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One conversation's active branch."""
    assert isinstance(request.user, User)
    conversation = get_object_or_404(Conversation.objects.visible_to(request.user), pk=pk)
    response = HttpResponse(as_markdown(conversation), content_type="text/markdown; charset=utf-8")
    return _named(response, file_name(conversation, "md"))


def _named(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


async def _pieces(user: User) -> AsyncIterator[bytes]:
    """The archive's steps run in the database's threads; who goes away ends them."""
    steps = archive(user)
    while (piece := await in_database(next, steps, None)) is not None:
        if piece:
            yield piece
