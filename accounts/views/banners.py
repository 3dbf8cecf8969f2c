"""What the site tells people on their pages, and that they have read it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Announcement, Notice, User


@require_GET
def banners(request: HttpRequest) -> HttpResponse:
    """The part of a page that shows them."""
    return render(request, "_live_banners.html")


@require_POST
def notice_reading(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    get_object_or_404(Notice.objects.filter(user=request.user), pk=pk).read()
    return _back(request)


@require_POST
def announcement_dismissal(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    get_object_or_404(Announcement.objects.shown_to(request.user), pk=pk).dismiss(request.user)
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """What is left, for a page that asked for it itself; else to the page it came from."""
    if request.headers.get("HX-Request"):
        return render(request, "_live_banners.html")
    path = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return redirect(path if safe else "home")
