"""What the owner of a conversation does to it: each thing a resource that is there or not."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from chat import answering, hints
from chat.models import Conversation

MAX_TITLE = 200


@require_http_methods(["DELETE"])
def conversation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete it: what is being written in it stops, and for some minutes it can be restored."""
    found = _owned(request, pk)
    answer = _change(found, found.discard, "deleted")
    async_to_sync(answering.cancel_all)(found.pk)
    return answer


@require_POST
def restoration(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the deletion back."""
    found = get_object_or_404(Conversation.objects.restorable_by(_user(request)), pk=pk)
    return _change(found, found.restore, "created")


@require_http_methods(["POST", "PUT", "DELETE"])
def pinning(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _owned(request, pk)
    return _change(found, found.unpin if request.method == "DELETE" else found.pin, "message")


@require_http_methods(["POST", "PUT", "DELETE"])
def archiving(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _owned(request, pk)
    return _change(found, found.unarchive if request.method == "DELETE" else found.archive, "archived")


@require_http_methods(["POST", "PUT"])
def title(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Rename it: ``title``, on one line."""
    found = _owned(request, pk)
    words = " ".join(_form(request).get("title", "").replace("\0", "").split())
    if not words:
        return _refused(_("A conversation needs a title."))
    if len(words) > MAX_TITLE:
        return _refused(_("A title has at most %d characters.") % MAX_TITLE)
    return _change(found, lambda: found.rename(words), "renamed")


@require_http_methods(["POST", "PUT"])
def seen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The owner has seen how it stands, on one of their devices: the others mark it as new no longer."""
    found = _owned(request, pk)
    return _change(found, found.see, "message")


def _change(found: Conversation, change: Callable[[], bool], hint: hints.Change) -> HttpResponse:
    """Change it, and tell the owner's tabs when that made a difference."""
    if change():
        async_to_sync(hints.conversation_updated)(found.owner_id, found.pk, hint)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _form(request: HttpRequest) -> QueryDict:
    """The fields of a form; Django reads those of a POST only."""
    return request.POST if request.method == "POST" else QueryDict(request.body)


def _refused(sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type="text/plain; charset=utf-8")


def _owned(request: HttpRequest, pk: UUID) -> Conversation:
    return get_object_or_404(Conversation.objects.visible_to(_user(request)), pk=pk)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware has seen to it
    return request.user
