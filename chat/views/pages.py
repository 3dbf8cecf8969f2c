"""The chat page: a new conversation, or one that there is."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from chat.models import Conversation, Draft, LanguageModel, Message

from .sidebar import Sidebar
from .thread import Entry, Window, entries

MOST_SHARED = 50  # of the newest, in the sidebar
SUGGESTIONS = [
    {"title": _("Explain"), "prompt": _("Explain how a hash map works, with a small example.")},
    {"title": _("Compare"), "prompt": _("Compare PostgreSQL and SQLite in a table.")},
    {"title": _("Write"), "prompt": _("Write a polite reminder about an invoice that is two weeks late.")},
    {"title": _("Code"), "prompt": _("Write a Python function that finds duplicate files in a folder.")},
]


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


@require_GET
def conversation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """At its end, or at the message ``message``."""
    return _page(request, _conversation(request, pk))


@require_GET
def older_messages(request: HttpRequest, pk: UUID, before: UUID) -> HttpResponse:
    """The window of messages before one of them."""
    found = _conversation(request, pk)
    return _part(request, "chat/_messages.html", found, window=Window.of(found, before))


@require_GET
def newer_messages(request: HttpRequest, pk: UUID, after: UUID) -> HttpResponse:
    """The window of messages after one of them."""
    found = _conversation(request, pk)
    return _part(request, "chat/_messages.html", found, window=Window.after(found, after))


@require_GET
def message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One message as the page shows it: the record, after the news of the socket."""
    found = _message(request, pk)
    [entry] = entries(found.conversation, found.conversation.tree(), [found.pk])
    return _part(request, "chat/_message.html", found.conversation, entry=entry)


@require_POST
def active_branch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the branch that goes through the message ``through``, and keep it as the active one."""
    chosen = get_object_or_404(Message.objects.visible_to(_user(request)), pk=pk)
    chosen.conversation.choose_branch(chosen.pk)
    return _part(request, "chat/_messages.html", chosen.conversation, window=Window.of(chosen.conversation))


def _page(request: HttpRequest, found: Conversation | None) -> HttpResponse:
    """The whole page, or for a click within the page only the part that changes."""
    user = _user(request)
    models = list(LanguageModel.objects.visible_to(user))
    target = _target(request, found)
    if found and target and found.owner_id == user.pk:
        found.show_branch_of(target)
    context: dict[str, Any] = {
        "conversation": found,
        "guest": _is_guest(user, found),
        "window": _window(found, target),
        "target": target,
        "draft": Draft.objects.text_of(user, found),
        "models": models,
        "demo": bool(models) and all(model.provider == LanguageModel.Provider.DEMO for model in models),
        "chosen": (found.last_model if found else None) or user.default_model,
        "suggestions": SUGGESTIONS,
    }
    if request.headers.get("HX-Request-Type") == "partial":
        return render(request, "chat/_chat.html", context)
    context["sidebar"] = Sidebar.of(user)
    context["shared"] = Conversation.objects.shared_with(user).select_related("owner")[:MOST_SHARED]
    context["forms"] = [Entry(Message.Role.USER), Entry(Message.Role.ASSISTANT)]
    return render(request, "chat/page.html", context)


def _part(request: HttpRequest, template: str, found: Conversation, **context: Any) -> HttpResponse:
    """Messages as they are for this person: who only reads gets nothing to write with."""
    context |= {"conversation": found, "guest": _is_guest(_user(request), found)}
    return render(request, template, context)


def _is_guest(user: User, found: Conversation | None) -> bool:
    return found is not None and found.owner_id != user.pk


def _target(request: HttpRequest, found: Conversation | None) -> UUID | None:
    """The message that the address names, if the conversation has it."""
    try:
        named = UUID(request.GET.get("message", ""))
    except ValueError:
        return None
    return named if found and found.messages.filter(pk=named).exists() else None


def _window(found: Conversation | None, target: UUID | None) -> Window:
    if found is None:
        return Window([], older=False)
    return Window.around(found, target) if target else Window.of(found)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware has seen to it
    return request.user


def _conversation(request: HttpRequest, pk: UUID) -> Conversation:
    return get_object_or_404(Conversation.objects.readable_by(_user(request)), pk=pk)


def _message(request: HttpRequest, pk: UUID) -> Message:
    readable = Message.objects.readable_by(_user(request)).select_related("conversation")
    return get_object_or_404(readable, pk=pk)
