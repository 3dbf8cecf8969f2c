"""What the database gets of one generation: checkpoints, its end with the settlement, or what is handed over."""

from django.db import transaction

from accounts.models import Reservation
from chat.models import Generation, Message
from chat.protocol import Budget

from .accounting import settle
from .answer import Answer
from .ending import End
from .frames import budget_now
from .log import GenerationLog


class Replaced(Exception):
    """Another runner holds the generation now, or it has ended: this one writes nothing any more."""


class Record:
    """Writes for one runner, as long as its fence is in force. All but the texts is blocking."""

    def __init__(self, generation: Generation, log: GenerationLog, answer: Answer) -> None:
        self._generation = generation
        self._log = log
        self._answer = answer
        self._saved_length = 0
        self.text_before = generation.message.text[: generation.text_start]
        self.thinking_before = generation.message.thinking[: generation.thinking_start]

    def texts(self) -> dict[str, str]:
        """The message's text and reasoning as they are now, as fields of the Message."""
        return {"text": self.text_before + self._log.text, "thinking": self.thinking_before + self._log.thinking}

    def has_news(self, texts: dict[str, str]) -> bool:
        """Whether the texts grew since this was last asked."""
        length = sum(map(len, texts.values()))
        grown, self._saved_length = length != self._saved_length, length
        return grown

    def end(self, end: End) -> Budget:
        """Final state, text, usage and settlement in one transaction. Raises Replaced."""
        with transaction.atomic():
            if self._generation.status == Generation.Status.QUEUED:
                self._end_queued(end)
            else:
                self._end_begun(end)
        return budget_now(self._generation.user)

    def _end_queued(self, end: End) -> None:
        if not self._generation.finish_queued(**end.fields()):
            raise Replaced
        Reservation.objects.release(self._generation.pk)

    def _end_begun(self, end: End) -> None:
        generation, measured = self._generation, self._answer.measured()
        if not generation.finish(
            **end.fields(),
            **measured,
            first_token_at=self._answer.first_token_at,
            text_length=len(self._log.text),
            thinking_length=len(self._log.thinking),
        ):
            raise Replaced
        Message.objects.write(generation.message_id, **self.texts())
        if end.status == Generation.Status.FAILED and self._answer.empty:
            Reservation.objects.release(generation.pk)
        else:
            settle(generation.pk, measured, generation.model)

    def account_for_deleted(self) -> None:
        """The conversation may have been deleted meanwhile, and this with it; what was used is charged."""
        generation = self._generation
        held = Reservation.objects.held().filter(pk=generation.pk).exists()
        if not held or Generation.objects.filter(pk=generation.pk).exists():
            return
        if generation.fence and not self._answer.empty:
            settle(generation.pk, self._answer.measured(), generation.model)
        else:
            Reservation.objects.release(generation.pk)

    def hand_over(self) -> None:
        """Save what there is and let another process take over at once."""
        generation = self._generation
        Message.objects.held_by(generation.pk, generation.fence).update(**self.texts())
        generation.give_up()
