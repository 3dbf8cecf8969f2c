"""Who may go on watching: a socket or an event stream lives no longer than the sign-in it was opened with."""

from collections.abc import Set
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.key_rotation import signed_by
from accounts.models import ApiKey, User, second_factor

from .protocol import Refused


class Ticket(msgspec.Struct, frozen=True):
    """The sign-in that a connection was opened with: a session, or an API key in its place."""

    user_id: Any
    session_key: str = ""
    session_hash: str = ""
    api_key_id: UUID | None = None
    may_chat: bool = True

    @classmethod
    def of(cls, user: User, session: SessionBase) -> "Ticket":
        """``session`` is the one that the person has signed in with; it must be loaded."""
        return cls(user.pk, session.session_key or "", session.get(HASH_SESSION_KEY, ""))

    @classmethod
    def of_key(cls, key: ApiKey) -> "Ticket":
        return cls(key.user_id, api_key_id=key.pk, may_chat=key.may_chat)

    def check(self, asks: bool) -> None:
        """Raises Refused for what changes something (``asks``) when it was opened only to read."""
        if asks and not self.may_chat:
            raise Refused("forbidden", _("This API key may only read."))


def ended_among(tickets: Set[Ticket]) -> set[Ticket]:
    """Those whose session is gone or expired, whose user is not active any more, whose password has changed, or who
    must set up a second factor first; and those whose API key is revoked or expired, or its user not active any more.

    Blocking: three queries, one more if there are keys.
    """
    by_key = {ticket for ticket in tickets if ticket.api_key_id is not None}
    return _ended_keys(by_key) | _ended_sessions(tickets - by_key)


def _ended_keys(tickets: Set[Ticket]) -> set[Ticket]:
    if not tickets:
        return set()
    named = ApiKey.objects.alive().filter(pk__in={ticket.api_key_id for ticket in tickets})
    alive = set(named.exclude(user__in=second_factor.without_one(User.objects.all())).values_list("pk", flat=True))
    return {ticket for ticket in tickets if ticket.api_key_id not in alive}


def _ended_sessions(tickets: Set[Ticket]) -> set[Ticket]:
    if not tickets:
        return set()
    keys = {ticket.session_key for ticket in tickets}
    alive = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = set(alive.values_list("session_key", flat=True))
    active = User.objects.filter(is_active=True)
    users = active.filter(pk__in={ticket.user_id for ticket in tickets})
    passwords = dict(users.values_list("pk", "password"))
    for user_id in second_factor.without_one(active).values_list("pk", flat=True):
        passwords.pop(user_id, None)
    secrets = settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS
    return {
        ticket
        for ticket in tickets
        if ticket.session_key not in sessions
        or (password := passwords.get(ticket.user_id)) is None
        or not _same_sign_in(ticket.session_hash, password, secrets)
    }


@lru_cache(2**17)  # thousands are looked after every two seconds
def _same_sign_in(session_hash: str, password: str, _secrets: tuple[str, ...]) -> bool:
    """Whether a session was begun with this stored password: its hash, under one of the keys, would be another."""
    return signed_by(User(password=password), session_hash)
