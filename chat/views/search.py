"""Searching one's conversations, as one types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import User
from chat.models import Conversation


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """The conversations that hold all words of ``q``, each with the places where they are."""
    assert isinstance(request.user, User)  # LoginRequiredMiddleware has seen to it
    words = request.GET.get("q", "")
    found = Conversation.objects.search(request.user, words)
    return render(request, "chat/_search_results.html", {"found": found, "asked": bool(words.strip())})
