"""What has been begun to write, as the record for all devices of a person."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from chat.models import Conversation, Draft
from chat.protocol import MAX_PROMPT_CHARS


@require_http_methods(["GET", "PUT"])
def draft(request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
    """The draft in a conversation, or without ``pk`` in a new one; a PUT of an empty ``text`` removes it."""
    assert isinstance(request.user, User)  # LoginRequiredMiddleware has seen to it
    conversation = get_object_or_404(Conversation.objects.visible_to(request.user), pk=pk) if pk else None
    if request.method == "GET":
        text = Draft.objects.text_of(request.user, conversation)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    text = QueryDict(request.body).get("text", "")
    if len(text) > MAX_PROMPT_CHARS:
        sentence = _("A draft has at most %d characters.") % MAX_PROMPT_CHARS
        return HttpResponse(sentence, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content_type="text/plain")
    Draft.objects.keep(request.user, conversation, text)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
