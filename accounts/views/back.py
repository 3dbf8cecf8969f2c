"""Where signing in again leads that was done inside the page."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.views.decorators.http import require_GET


@require_GET
def back(request: HttpRequest) -> HttpResponseBase:
    """Who it is now, and the proof that their forms need; to a window of its own, the chat."""
    if "X-In-Place" not in request.headers:
        return redirect("home")
    return JsonResponse({"user": str(request.user.pk), "csrf": get_token(request)})
