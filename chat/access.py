"""Who may go on watching: a socket or an event stream lives no longer than the sign-in it was opened with."""

from collections.abc import Mapping, Set
from typing import Any

import msgspec
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User


class Ticket(msgspec.Struct, frozen=True):
    """The sign-in that a connection was opened with."""

    user_id: Any
    session_key: str
    session_hash: str

    @classmethod
    def of(cls, user: User, session: SessionBase) -> "Ticket":
        """``session`` is the one that the person has signed in with; it must be loaded."""
        return cls(user.pk, session.session_key or "", session.get(HASH_SESSION_KEY, ""))


def ended_among(tickets: Set[Ticket]) -> set[Ticket]:
    """Those whose session is gone or expired, whose user is not active any more, or whose password has changed.

    Blocking: two queries.
    """
    keys = {ticket.session_key for ticket in tickets}
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(alive.values_list("session_key", flat=True))
    users = User.objects.filter(is_active=True).in_bulk({ticket.user_id for ticket in tickets})
    return {ticket for ticket in tickets if ticket.session_key not in sessions or not _same_sign_in(ticket, users)}


def _same_sign_in(ticket: Ticket, users: Mapping[Any, User]) -> bool:
    """Whether the user is still the one who signed in: the hash changes with the password."""
    user = users.get(ticket.user_id)
    if user is None:
        return False
    return ticket.session_hash in {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
