"""One generation's life in this process: waits for its turn, asks the provider, fills the log, stores the end."""

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction

from accounts.models import Reservation
from chat import hints
from chat.database import in_database
from chat.models import Generation, LanguageModel, Message
from chat.models.language_model import Rates
from chat.models.provider_limit import rates_of
from chat.moderating import rules
from chat.prompting import fit, system_prompt
from chat.protocol import Budget, Refused
from chat.providers import Prompt, ProviderError

from . import ending
from .admission import Slot
from .answer import Answer, Measured
from .ending import End
from .frames import budget_now, end_frame, queued_frame, start_frame
from .journal import JournalError
from .limits import TimeLimits
from .log import GenerationLog
from .recovery import may_go_on
from .upstream import MAX_PAUSE_S, Upstream

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
STORE_RETRY_S = 2.0


class Replaced(Exception):
    """Another runner holds the generation now, or it has ended: this one writes nothing any more."""


class CancelledWhileQueued(Exception):
    """Somebody asked the database to stop it, and nobody told this process."""


class Runner:
    """Runs a generation that this process submitted or took over.

    Two tasks: ``run`` is never cancelled and stores the end; the work inside it is cancelled by ``stop``.
    """

    def __init__(
        self, process: "Process", generation: Generation, log: GenerationLog, follows: "Runner | None" = None
    ) -> None:
        self.process = process
        self.generation = generation
        self.log = log
        self.answer = Answer(generation, log)
        self.stored = asyncio.Event()
        self.admitted = False
        self._follows = follows
        self._ending: End | None = None
        self._giving_up = False
        self._replaced = False
        self._saved_length = 0
        self._work: asyncio.Task[End] | None = None
        self._text_before = generation.message.text[: generation.text_start]
        self._thinking_before = generation.message.thinking[: generation.thinking_start]
        self._branch: list[Message] = []
        self._system = ""
        self._chain: list[LanguageModel] = []
        self._at_limit = ending.OUT_OF_LENGTH

    # ── from outside ──

    def stop(self, end: End) -> None:
        """End it like this, unless it is ending already. Closes the provider's connection."""
        if self._ending is None and not self._giving_up:
            self._ending = end
            if self._work is not None:
                self._work.cancel()

    def give_up(self) -> None:
        """Stop without an end, so that another process can take it over."""
        self._giving_up = True
        if self._work is not None:
            self._work.cancel()

    def replaced(self) -> None:
        """Another runner holds the generation: close the provider's connection and write nothing more."""
        self._replaced = True
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """From the queue to the stored end."""
        self._work = asyncio.create_task(self._live())
        if self._ending is not None:
            self._work.cancel()
        try:
            natural = await self._outcome()
            if self._giving_up and self._ending is None:
                await in_database(self._hand_over)
                return
            self._ending = self._ending or natural
            await self._end(self._ending)
        except Replaced:
            self.process.hub.forget(self.log.generation_id)
            await in_database(self._account_for_deleted)
        finally:
            self.stored.set()

    async def _outcome(self) -> End:
        """How the work ended by itself; what ``stop`` said goes before it."""
        assert self._work is not None
        try:
            return await self._work
        except asyncio.CancelledError:
            if self._replaced:
                raise Replaced from None
            if self._ending is None and not self._giving_up:
                raise
            return self._ending or ending.SHUT_DOWN
        except ProviderError as error:
            logger.warning("generation failed: request=%s code=%s %s", self.log.request_id, error.code, error.detail)
            return ending.broken(error)
        except Refused as refused:
            return ending.failed(refused.code, refused.message)
        except JournalError as error:
            logger.error("journal: request=%s %s", self.log.request_id, error)
            return ending.failed("internal", f"{error} The answer so far is kept.")
        except CancelledWhileQueued:
            return ending.CANCELLED
        except Replaced:
            raise
        except Exception:
            logger.exception("generation crashed: request=%s", self.log.request_id)
            return ending.failed("internal", "Something went wrong on the server. The answer so far is kept.")

    # ── the work ──

    async def _live(self) -> End:
        if self.generation.takeovers and not may_go_on(self.generation):
            return ending.CANCELLED if self.generation.cancel_requested_at else ending.SHUT_DOWN
        if self._follows is not None:
            self._moved(0)
            await self._follows.stored.wait()
        admission = self.process.admission
        admission.know(await in_database(self._choose))
        give_up_at = asyncio.get_running_loop().time() + settings.GENERATION_TIMEOUT_S
        while True:
            async with admission.slot(self.log.user_id, self._chain, self._most_tokens, self._moved) as slot:
                self.log.leave_queue()
                self.admitted = True
                await self._begin(slot.model)
                try:
                    return await self._generate(slot)
                except ProviderError as error:
                    if not self._may_wait(error) or asyncio.get_running_loop().time() > give_up_at:
                        raise
                finally:
                    self.admitted = False
                    slot.used(self.generation.input_tokens + self.answer.tokens)

    def _may_wait(self, error: ProviderError) -> bool:
        """Whether the provider said when to come back, soon enough, and nobody has seen anything of the answer."""
        soon = error.retry_after_s is not None and error.retry_after_s <= MAX_PAUSE_S
        return error.retryable and soon and not (self.log.text or self.log.thinking)

    @property
    def _most_tokens(self) -> int:
        return self.generation.input_tokens + self.generation.max_output_tokens

    def _moved(self, position: int) -> None:
        self.log.queue_at(queued_frame(self.generation, position))

    def _choose(self) -> dict[str, Rates | None]:
        """Load which models may answer; what they and their providers take, by name. Blocking."""
        generation = self.generation
        model = generation.language_model
        if model is None:
            raise Refused("model_unavailable", f"The model {generation.model} is not available any more.")
        self._chain = model.chain() if generation.allow_fallback else [model]
        if self.log.text or self.log.thinking:  # of an answer that was begun: only who began it goes on
            self._chain = [spoke for spoke in self._chain if spoke.name == generation.model] or [model]
        return rates_of(self._chain)

    async def _begin(self, model: LanguageModel) -> None:
        """Become the runner, load what the model is to read, and begin the log."""
        await in_database(self._claim, model)
        if not self.log.events:
            self.log.start(start_frame(self.generation, self.generation.epoch))
        elif model.name != self.generation.model and not (self.log.text or self.log.thinking):
            await self._switch(model)

    def _claim(self, model: LanguageModel) -> None:
        generation = self.generation
        if generation.status == Generation.Status.QUEUED and not generation.claim(self.process.id, model.name):
            raise CancelledWhileQueued if generation.cancel_requested() else Replaced
        prompt = generation.message.parent
        self._branch = generation.message.conversation.branch(prompt)
        self._system = system_prompt(generation.user)
        self.answer.screen(rules.in_force().answers_blocked, self._text_before, self._thinking_before)

    async def _generate(self, slot: Slot) -> End:
        """Pump the provider's deltas into the log until it says that it has finished."""
        upstream = Upstream(slot, self._chain, self._prompt, self._switch)
        limits = TimeLimits(self.stop)
        try:
            async with aclosing(upstream.deltas()) as batches:
                async for batch in batches:
                    limits.heard()
                    self.answer.take(batch)
                    if self.answer.blocked:
                        return ending.CONTENT_BLOCKED
                    if self.answer.over_limit:
                        return self._at_limit
        finally:
            limits.cancel()
        self.answer.let_go()
        if self.answer.blocked:
            return ending.CONTENT_BLOCKED
        if self.answer.finish is None:
            return ending.CONNECTION_LOST
        return self._at_limit if self.answer.finish.reason == "length" else ending.finished(self.answer.finish)

    def _prompt(self, model: LanguageModel) -> Prompt:
        prefix = self._text_before + self.log.text
        prompt = fit(self._branch, model, self._system, prefix=prefix).prompt
        granted = self.generation.max_output_tokens
        self._at_limit = ending.OUT_OF_BUDGET if granted < prompt.max_output_tokens else ending.OUT_OF_LENGTH
        left = max(granted - self.answer.tokens, 1)
        return msgspec.structs.replace(prompt, max_output_tokens=min(prompt.max_output_tokens, left))

    async def _switch(self, model: LanguageModel) -> None:
        """Nobody has seen anything of the answer yet: begin its log anew under the next model's name."""
        if not await in_database(self.generation.start_over, model.name):
            raise Replaced
        self.log.start(start_frame(self.generation, self.generation.epoch))

    # ── the end ──

    async def _end(self, end: End) -> None:
        """Store the end, however long that takes; only then does the log have its last event."""
        while True:
            try:
                budget = await in_database(self._store, end)
                break
            except DatabaseError as error:
                logger.error("could not store an answer, trying again: request=%s %s", self.log.request_id, error)
                self.log.tell(Refused("internal", "The answer could not be saved yet. Trying again.").frame())
                await asyncio.sleep(STORE_RETRY_S)
        start = start_frame(self.generation, self.generation.epoch)
        self.log.end(start, end_frame(self.generation, max(self.log.seq, 1), budget))
        if self.log.journal is not None:
            self.log.journal.remove()
        self.process.hub.retire(self.log)
        await hints.budget_changed(self.log.user_id)
        await hints.conversation_updated(self.log.user_id, self.log.conversation_id, "message")
        if end.status == Generation.Status.COMPLETED:
            self.process.titles.want(self.generation, self.log.text)

    def _store(self, end: End) -> Budget:
        """Final state, text, usage and settlement in one transaction. Blocking."""
        generation = self.generation
        with transaction.atomic():
            if generation.status == Generation.Status.QUEUED:
                if not generation.finish_queued(**end.fields()):
                    raise Replaced
                Reservation.objects.release(generation.pk)
            else:
                measured = self.answer.measured()
                if not generation.finish(
                    **end.fields(),
                    **measured,
                    first_token_at=self.answer.first_token_at,
                    text_length=len(self.log.text),
                    thinking_length=len(self.log.thinking),
                ):
                    raise Replaced
                Message.objects.filter(pk=generation.message_id).update(**self.texts())
                if end.status == Generation.Status.FAILED and self.answer.empty:
                    Reservation.objects.release(generation.pk)
                else:
                    self._settle(measured)
        return budget_now(generation.user)

    def _settle(self, measured: Measured) -> None:
        """Charge what was used, at the prices of the model that spoke."""
        name = self.generation.model
        spoke = LanguageModel.objects.filter(name=name).first()
        prices = spoke.prices if spoke else None
        Reservation.objects.settle(self.generation.pk, **measured, model=name, prices=prices)

    def _account_for_deleted(self) -> None:
        """The conversation may have been deleted meanwhile, and this with it; what was used is charged. Blocking."""
        generation = self.generation
        held = Reservation.objects.held().filter(pk=generation.pk).exists()
        if not held or Generation.objects.filter(pk=generation.pk).exists():
            return
        if generation.fence and not self.answer.empty:
            self._settle(self.answer.measured())
        else:
            Reservation.objects.release(generation.pk)

    def texts(self) -> dict[str, str]:
        """The message's text and reasoning as they are now, as fields of the Message."""
        return {"text": self._text_before + self.log.text, "thinking": self._thinking_before + self.log.thinking}

    def has_news(self, texts: dict[str, str]) -> bool:
        """Whether the texts grew since this was last asked."""
        length = sum(map(len, texts.values()))
        grown, self._saved_length = length != self._saved_length, length
        return grown

    def _hand_over(self) -> None:
        """Save what there is and let another process take over at once. Blocking."""
        generation = self.generation
        Message.objects.held_by(generation.pk, generation.fence).update(**self.texts())
        generation.give_up()
