"""How a person signs in: password, second factor, passkeys; and where they are signed in now."""

from allauth.mfa.base.views import IndexView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.browsers import Browser
from accounts.models import User, second_factor


class Security(IndexView):  # type: ignore[misc]  # allauth ships no types
    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        user = self.request.user
        assert isinstance(user, User)
        lacks_one = second_factor.lacks_one(user)
        return dict(super().get_context_data(**kwargs), lacks_one=lacks_one)


security = Security.as_view()


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    found = UserSession.objects.purge_and_list(request.user)
    entries = [
        {
            "session": session,
            "browser": Browser.of(session.user_agent),
            "here": session.session_key == request.session.session_key,
        }
        for session in sorted(found, key=lambda session: session.last_seen_at, reverse=True)
    ]
    entries.sort(key=lambda entry: not entry["here"])
    return render(request, "settings/sessions.html", {"entries": entries})


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out on one device. Its open pages are closed within seconds."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    here = session.session_key == request.session.session_key
    session.end()
    if here:
        return redirect("account_login")
    messages.success(request, _("Signed out there."))
    return redirect("settings_sessions")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    request.user.end_sessions(but=request.session.session_key)
    messages.success(request, _("Signed out everywhere else."))
    return redirect("settings_sessions")
