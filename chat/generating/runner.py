"""One generation's life in this process: waits for its turn, asks the provider, fills the log, comes to its end."""

import asyncio
import functools
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from chat.database import in_database, persistently, shared
from chat.models import Generation, LanguageModel
from chat.models.message import Said
from chat.moderating import rules
from chat.prompting import fit, system_prompt
from chat.protocol import Refused
from chat.providers import Delta, Prompt, ProviderError

from . import ending
from .answer import Answer
from .claiming import CancelledWhileQueued, Full, claim
from .conclusion import Conclusion
from .ending import End
from .frames import queued_frame, start_frame
from .groundwork import Groundwork
from .journal import JournalError
from .lease import Lease
from .limits import TimeLimits
from .log import GenerationLog
from .record import Record, Replaced
from .recovery import may_go_on
from .slot import Slot
from .upstream import MAX_PAUSE_S, Upstream

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
ELSEWHERE_S = 1.0
MOST_COURTESY = 2  # how often it lets others go first: they may not be able to


class Runner:
    """Runs a generation that this process submitted or took over.

    Two tasks: ``run`` is never cancelled and concludes; the work inside it is cancelled by ``stop``.
    """

    def __init__(
        self,
        process: "Process",
        generation: Generation,
        log: GenerationLog,
        follows: "Runner | None" = None,
        ground: Groundwork | None = None,
    ) -> None:
        self.process = process
        self.generation = generation
        self.log = log
        self.answer = Answer(generation, log)
        self.record = Record(generation, log, self.answer)
        self.lease = Lease()
        self.stored = asyncio.Event()
        self._language = translation.get_language()
        self.admitted = False
        self._gave_way = 0
        self._follows = follows
        self._ending: End | None = None
        self._giving_up = False
        self._replaced = False
        self._told_to_end = False
        self._work: asyncio.Task[End] | None = None
        self._ground = ground
        self._branch: Sequence[Said] = []
        self._system = ""
        self._chain: Sequence[LanguageModel] = []
        self._at_limit = ending.OUT_OF_LENGTH
        self._late: Sequence[Sequence[Delta]] = ()  # read, but not in the log yet

    # ── from outside ──

    def stop(self, end: End) -> None:
        """End it like this, unless it is ending already. Closes the provider's connection."""
        if self._ending is None and not self._giving_up:
            self._ending = end
            self._cut_short()

    def give_up(self) -> None:
        """Stop without an end, so that another process can take it over."""
        self._giving_up = True
        self._cut_short()

    def replaced(self) -> None:
        """Another runner holds the generation: close the provider's connection and write nothing more."""
        self._replaced = True
        self._cut_short()

    def _cut_short(self) -> None:
        """The work ends at its next turn; until then nothing more goes into the log."""
        self._told_to_end = True
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """From the queue to the stored end, in the language of whoever asked."""
        with translation.override(self._language):
            await self._run()

    async def _run(self) -> None:
        self._work = asyncio.create_task(self._live())
        if self._told_to_end:
            self._work.cancel()
        try:
            natural = await self._outcome()
            if self._giving_up and self._ending is None:
                await in_database(self.record.hand_over)
                return
            self._ending = self._ending or natural
            conclusion = Conclusion(self.process, self.generation, self.log, self.record, self.answer)
            await conclusion.reach(self._ending)
        except Replaced:
            self.process.hub.replace(self.log, self.generation)
            await in_database(self.record.account_for_deleted)
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
            return ending.failed("internal", f"{error} {_('The answer so far is kept.')}")
        except CancelledWhileQueued:
            return ending.CANCELLED
        except Replaced:
            raise
        except Exception:
            logger.exception("generation crashed: request=%s", self.log.request_id)
            return ending.failed("internal", _("Something went wrong on the server. The answer so far is kept."))

    # ── the work ──

    async def _live(self) -> End:
        if self.generation.takeovers and not may_go_on(self.generation):
            return ending.CANCELLED if self.generation.cancel_requested_at else ending.SHUT_DOWN
        if self._follows is not None:
            self._moved(0)
            await self._follows.stored.wait()
        while shared() and not self._alone and await persistently(self._is_written_elsewhere):
            self._moved(0)
            await asyncio.sleep(ELSEWHERE_S)
        if self._ground is None or not self._ground.fresh:
            self._ground = await persistently(Groundwork.of, self.generation)
        self._chain = self._choices(self._ground.chain)
        admission = self.process.admission
        admission.know(self._ground.rates)
        give_up_at = asyncio.get_running_loop().time() + settings.GENERATION_TIMEOUT_S
        while True:
            asked = self.log.user_id, self._chain, self._most_tokens
            async with admission.slot(*asked, self._moved, self._claim_and_load) as slot:
                self.log.leave_queue()
                self.admitted = True
                self.log.hold(self.generation.fence)
                await self._start()
                try:
                    return await self._generate(slot)
                except ProviderError as error:
                    if not self._may_wait(error) or asyncio.get_running_loop().time() > give_up_at:
                        raise
                finally:
                    self.admitted = False
                    slot.used(self.generation.input_tokens + self.answer.tokens)

    @property
    def _alone(self) -> bool:
        """Whether it is known that no process writes an answer that this one's prompt follows."""
        return self._ground is not None and self._ground.alone

    def _is_written_elsewhere(self) -> bool:
        """Whether another process still writes the answer that this one's prompt follows. Blocking."""
        prompt = self.generation.message.parent
        before = prompt.parent_id if prompt else None
        return before is not None and Generation.objects.active().filter(message=before).exists()

    def _may_wait(self, error: ProviderError) -> bool:
        """Whether the provider said when to come back, soon enough, and nobody has seen anything of the answer."""
        soon = error.retry_after_s is not None and error.retry_after_s <= MAX_PAUSE_S
        return error.retryable and soon and not (self.log.text or self.log.thinking)

    @property
    def _most_tokens(self) -> int:
        return self.generation.input_tokens + self.generation.max_output_tokens

    def _moved(self, position: int) -> None:
        self.log.queue_at(queued_frame(self.generation, position))

    def _choices(self, chain: Sequence[LanguageModel]) -> Sequence[LanguageModel]:
        """Which of them may go on: with an answer that was begun it is only the one that began it."""
        if not (self.log.text or self.log.thinking):
            return chain
        return [spoke for spoke in chain if spoke.name == self.generation.model] or chain[:1]

    async def _claim(self, slot: Slot, *, load: bool = False) -> Full | None:
        """Become the runner, or say why the site has no room for that; on the way ``load`` what models are to read."""
        begun = bool(self.log.text or self.log.thinking)
        courteous = self._gave_way < MOST_COURTESY
        full = await persistently(self._claim_now, slot, begun=begun, courteous=courteous, load=load)
        self._gave_way += full is Full.TURN
        return full

    async def _claim_and_load(self, slot: Slot) -> Full | None:
        return await self._claim(slot, load=True)

    def _claim_now(self, slot: Slot, *, begun: bool, courteous: bool, load: bool) -> Full | None:
        full = claim(self.generation, self.process.id, slot, begun=begun, courteous=courteous)
        if full is None and load:
            self._load()
        return full

    async def _start(self) -> None:
        await self.lease.held()
        if self.log.epoch != self.generation.epoch:
            self.log.start(start_frame(self.generation, self.generation.epoch))

    def _load(self) -> None:
        generation, ground = self.generation, self._ground
        if ground is None or not ground.read:
            self._ground = None
            prompt = generation.message.parent
            self._branch = prompt.branch() if prompt else []
        else:
            self._branch = ground.branch
        self._system = system_prompt(generation.user)
        self.answer.screen(rules.in_force().answers_blocked, self.record.text_before, self.record.thinking_before)

    async def _generate(self, slot: Slot) -> End:
        """Have the provider's deltas taken into the log until it says that it has finished."""
        upstream = Upstream(slot, self._chain, self._prompt, functools.partial(self._switch, slot))
        self._limits = TimeLimits(self.stop)
        try:
            async with AsyncExitStack() as stack:
                self._late, stream = await upstream.open(stack)
                while not self.answer.enough:
                    await self.lease.held()
                    if self._take_late() and await stream.hand_on(self._take):
                        break
                    await asyncio.sleep(0)  # here it ends when it was told to
        finally:
            self._limits.cancel()
        return await self._natural_end()

    async def _natural_end(self) -> End:
        """How it ended by itself, when nothing more comes or what came is enough."""
        if not self.answer.enough:
            await self.lease.held()
            self.answer.let_go()
        elif not self.answer.blocked:
            return self._at_limit
        if self.answer.blocked:
            return ending.CONTENT_BLOCKED
        if self.answer.finish is None:
            return ending.CONNECTION_LOST
        return self._at_limit if self.answer.finish.reason == "length" else ending.finished(self.answer.finish)

    def _take_late(self) -> bool:
        """As ``_take``, what could not be taken when it came."""
        late, self._late = self._late, ()
        for number, batch in enumerate(late, 1):
            if not self._take(batch):
                self._late = [*self._late, *late[number:]]
                return False
        return True

    def _take(self, batch: Sequence[Delta]) -> bool:
        """Into the log with it, unless that is enough or somebody else may write now. Raises JournalError."""
        now = monotonic()
        self._limits.heard(now)
        if self._told_to_end or (now > self.lease.ends_at and self.lease.over):
            self._late = [*self._late, batch]
            return False
        self.answer.take(batch)
        return not self.answer.enough

    def _prompt(self, model: LanguageModel) -> Prompt:
        prompt = self._fitted(model)
        granted = self.generation.max_output_tokens
        self._at_limit = ending.OUT_OF_BUDGET if granted < prompt.max_output_tokens else ending.OUT_OF_LENGTH
        left = max(granted - self.answer.tokens, 1)
        return msgspec.structs.replace(prompt, max_output_tokens=min(prompt.max_output_tokens, left))

    def _fitted(self, model: LanguageModel) -> Prompt:
        """To the model's context window; for the first model that was done to know what to reserve."""
        ground, written = self._ground, self.log.text
        if ground is not None and ground.prompt is not None and model is ground.chain[0] and not written:
            return ground.prompt
        return fit(self._branch, model, self._system, prefix=self.record.text_before + written).prompt

    async def _switch(self, slot: Slot) -> bool:
        """Nobody has seen anything of the answer yet: begin its log anew under the next model's name."""
        if await self._claim(slot):
            return False
        await self._start()
        return True
