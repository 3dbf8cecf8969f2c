"""Sharing a conversation with colleagues, and taking a copy of one that is shared."""

from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from chat import hints
from chat.forking import fork as fork_conversation
from chat.forms import ShareForm
from chat.models import Conversation


def sharing(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Its owner says who may read it; who may not any more is turned away at once."""
    conversation = get_object_or_404(Conversation.objects.visible_to(_user(request)), pk=pk)
    form = ShareForm(request.POST if request.method == "POST" else None, conversation=conversation)
    if form.is_valid():
        form.save()
        async_to_sync(hints.sharing_changed)(conversation.pk)
        messages.success(request, _("Saved."))
        return redirect("conversation_sharing", pk=conversation.pk)
    link = request.build_absolute_uri(f"/c/{conversation.pk}/")
    context = {"form": form, "conversation": conversation, "link": link}
    return render(request, "settings/sharing.html", context, status=422 if form.is_bound else 200)


@require_POST
def fork(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A conversation of one's own that begins as this one."""
    user = _user(request)
    found = get_object_or_404(Conversation.objects.readable_by(user), pk=pk)
    copy = fork_conversation(found, user)
    async_to_sync(hints.conversation_updated)(user.pk, copy.pk, "created")
    return redirect("conversation", pk=copy.pk)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
