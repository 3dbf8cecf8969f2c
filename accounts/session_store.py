"""Sessions as Django keeps them in the database, found by a statement that is composed once: each request asks."""

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from config.statements import Select, argument

LIVING = Select(
    lambda: Session.objects.filter(
        session_key=argument("session_key", Session), expire_date__gt=argument("now", Session, "expire_date")
    )
)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = LIVING.first(session_key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()
