"""What of past sign-ins nobody needs any more."""

import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from .models import Invitation


def forget_ended_sign_ins(now: datetime.datetime) -> None:
    """Sessions whose time is over, what was noted of them, and invitations that nobody accepted."""
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    Invitation.objects.filter(accepted_at=None, expires_at__lt=now).delete()
