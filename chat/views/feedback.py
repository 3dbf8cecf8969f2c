"""What a person thinks of an answer."""

from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from chat.models import Feedback, Message


@require_http_methods(["PUT", "DELETE"])
def feedback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that an answer is ``value``, good or bad, or take that back."""
    assert isinstance(request.user, User)  # LoginRequiredMiddleware has seen to it
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    if request.method == "DELETE":
        Feedback.objects.take_back(request.user, message)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    value = QueryDict(request.body).get("value", "")
    if value not in Feedback.Value.values:
        return _refused(_("Feedback is either good or bad."))
    if message.role != Message.Role.ASSISTANT:
        return _refused(_("Only an answer can be good or bad."))
    Feedback.objects.give(request.user, message, value)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _refused(sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type="text/plain; charset=utf-8")
