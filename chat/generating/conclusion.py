"""The end of one generation: it is stored, then shown to those who watch, then looked at by content rules."""

import asyncio
import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.utils.translation import gettext as _

from accounts.hints import site_news
from chat import hints, measuring
from chat.database import in_database, persistently
from chat.models import Generation
from chat.moderating import looking_back, noting, rules
from chat.protocol import Budget, Refused

from .answer import Answer
from .ending import End
from .frames import end_frame, start_frame
from .log import GenerationLog
from .record import Record

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
STORE_RETRY_S = 2.0


class Conclusion:
    """What becomes of an answer when its runner knows how it ended."""

    def __init__(
        self, process: "Process", generation: Generation, log: GenerationLog, record: Record, answer: Answer
    ) -> None:
        self._process = process
        self._generation = generation
        self._log = log
        self._record = record
        self._answer = answer

    async def reach(self, end: End) -> None:
        """Store the end, however long that takes; only then does the log have its last event. Raises Replaced."""
        self._show(await self._stored(end))
        await hints.budget_changed(self._log.user_id)
        await hints.conversation_updated(self._log.user_id, self._log.conversation_id, "message")
        hidden = await self._note()
        if end.status == Generation.Status.COMPLETED and not hidden:
            self._process.titles.want(self._generation, self._log.text)

    async def _stored(self, end: End) -> Budget:
        """The budget that is left once the database has the end."""
        while True:
            try:
                return await persistently(self._record.end, end)
            except DatabaseError as error:
                logger.error("could not store an answer, trying again: request=%s %s", self._log.request_id, error)
                self._log.tell(Refused("internal", _("The answer could not be saved yet. Trying again.")).frame())
                await asyncio.sleep(STORE_RETRY_S)

    def _show(self, budget: Budget) -> None:
        start = start_frame(self._generation, self._generation.epoch)
        self._log.end(start, end_frame(self._generation, max(self._log.seq, 1), budget))
        if self._log.journal is not None:
            self._log.journal.remove()
        self._process.hub.retire(self._log)
        measuring.ended(self._generation)

    async def _note(self) -> bool:
        """Tell the moderators, or the person, what content rules have found; whether the answer was taken away."""
        message = self._generation.message
        texts = self._record.texts()
        message.text, message.thinking = texts["text"], texts["thinking"]
        try:
            noted = self._answer.blocked or (await rules.ain_force()).answers_noted.rules
            if noted:
                await in_database(noting.note_answer, self._generation.user, message, self._answer.blocked)
            found = await looking_back.look_back(self._generation, message)
            if noted or found:
                await site_news(self._log.user_id)
        except DatabaseError as error:
            logger.error("content rules: request=%s %s", self._log.request_id, error)
        return message.hidden_at is not None
