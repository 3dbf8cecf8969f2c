"""The pulse of a process: checkpoints, leases, requests to cancel, orphans, and who may still watch."""

import asyncio
import datetime
import logging
import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.budget_watch import BudgetWatch
from accounts.models import User
from chat import hints
from chat.access import Ticket, ended_among
from chat.database import in_database, in_parts, shared
from chat.models import Generation, LanguageModel, Message, site_prompt
from chat.models.provider_limit import rates_of
from chat.moderating import rules
from chat.protocol import CloseCode

from . import ending
from .accounting import end_stale_reservations
from .guests import turn_away
from .runner import Runner

if TYPE_CHECKING:
    from .process import Process

logger = logging.getLogger(__name__)
PULSE_S = 2.0
AT_ONCE, MANY_AT_ONCE = 50, 500  # answers to save, sign-ins to look after
SAID_SO_S = 15.0  # for how long it counts that somebody watches in another process
BUDGET_ROUNDS = 2
HIDDEN_LATELY = datetime.timedelta(minutes=1)


class Pulse:
    """What a process does every two seconds, whatever happens; hints only make it quicker."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._budgets = BudgetWatch()
        self._rounds = 0
        self._doubted: weakref.WeakSet[Runner] = weakref.WeakSet()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            try:
                await self._checkpoint()
                await self._end_access()
                await self._stop_for_the_deactivated()
                await turn_away(list(self._process.viewers))
                await self._keep_accounts()
                await in_database(rules.look)
                await self._join_elsewhere()
                await self._end_orphans()
                await in_database(site_prompt.look)
                await self._forget_hidden()
                await self._tell_budgets()
            except DatabaseError as error:
                logger.error("pulse: %s", error)
            self._process.join([log for log in self._process.hub if not log.ended])
            self._process.hub.sweep()

    async def _checkpoint(self) -> None:
        """Save all running answers; stop those that are to be cancelled or that another process has taken over."""
        async for some in in_parts(list(self._process.runners.values()), AT_ONCE):
            await self._save_some(some)

    async def _save_some(self, some: Sequence[Runner]) -> None:
        runners = {runner: runner.generation.fence for runner in some}
        asked_at = time.monotonic()
        held = await in_database(_save, some)
        for runner, fence in runners.items():
            cancelled = held.get(runner.generation.pk)
            if cancelled is not None:
                runner.lease.renewed(asked_at)
            if cancelled:
                runner.stop(ending.CANCELLED)
            elif cancelled is None and runner.generation.fence == fence and not runner.stored.is_set():
                self._lost(runner)

    def _lost(self, runner: Runner) -> None:
        """One that begins at this very moment may only seem to be."""
        if runner.generation.status == Generation.Status.RUNNING or runner in self._doubted:
            runner.replaced()
        else:
            self._doubted.add(runner)

    async def _end_access(self) -> None:
        """Let go of those who signed out, or were signed out, since they began to watch."""
        watching = {viewer.ticket for viewer in self._process.viewers if viewer.ticket is not None}
        ended: set[Ticket] = set()
        async for some in in_parts(list(watching), MANY_AT_ONCE):
            ended |= await in_database(ended_among, set(some))
        for viewer in list(self._process.viewers):
            if viewer.ticket in ended:
                viewer.finish(CloseCode.SIGNED_OUT)

    async def _stop_for_the_deactivated(self) -> None:
        """Nothing is generated for somebody who may not use the site any more, queued or running."""
        askers = {runner.log.user_id for runner in self._process.runners.values()}
        gone = await in_database(_deactivated, askers) if askers else set()
        for runner in list(self._process.runners.values()):
            if runner.log.user_id in gone:
                runner.stop(ending.CANCELLED)

    async def _keep_accounts(self) -> None:
        """End what a crash or a deletion left reserved; let those who wait have new limits of models at once."""
        for user_id in await in_database(end_stale_reservations):
            await hints.budget_changed(user_id)
        if self._process.admission.waiting:
            self._process.admission.know(await in_database(rates_of, LanguageModel.objects.all()))

    async def _forget_hidden(self) -> None:
        """An answer that a moderator has hidden is not replayed from memory either."""
        since = timezone.now() - HIDDEN_LATELY
        for generation_id in await in_database(_hidden_generations, since):
            log = self._process.hub.get(generation_id)
            if log is not None and log.ended:
                self._process.hub.forget(generation_id)

    async def _tell_budgets(self) -> None:
        """Have sockets look whether their budget is another one, should the hint have been lost."""
        self._rounds += 1
        telling = {viewer for viewer in self._process.viewers if viewer.budget_changed and viewer.ticket}
        if self._rounds % BUDGET_ROUNDS or not telling:
            return
        whose = {viewer.ticket.user_id for viewer in telling if viewer.ticket}
        changed = await in_database(self._budgets.changed_among, whose)
        for viewer in telling:
            if viewer.budget_changed and viewer.ticket and viewer.ticket.user_id in changed:
                viewer.budget_changed()

    async def _join_elsewhere(self) -> None:
        """Follow what other processes write in those conversations, and let them know that somebody watches."""
        if not shared():
            return
        hub, watched = self._process.hub, set(self._process.watching())
        known = {log.generation_id for log in hub}
        for generation in await in_database(_active_in, watched, known) if watched else ():
            hub.follow(generation)
        following = [replica.generation_id for replica in hub.replicas.values() if replica.viewers]
        if following and settings.ORPHAN_GRACE_S:
            await in_database(Generation.objects.watched, following)

    async def _end_orphans(self) -> None:
        """Stop what nobody has watched for longer than the grace period, in any process."""
        if not settings.ORPHAN_GRACE_S:
            return
        deadline = time.monotonic() - settings.ORPHAN_GRACE_S
        orphans = [
            runner
            for runner in self._process.runners.values()
            if runner.log.unwatched_since is not None and runner.log.unwatched_since < deadline
        ]
        elsewhere = await in_database(_watched_elsewhere, orphans) if orphans and shared() else set()
        for runner in orphans:
            if runner.generation.pk not in elsewhere:
                runner.stop(ending.ORPHANED)


def _active_in(conversations: set[UUID], known: set[UUID]) -> list[Generation]:
    active = Generation.objects.active().filter(message__conversation__in=conversations).exclude(pk__in=known)
    return list(active.select_related("message"))


def _watched_elsewhere(runners: list[Runner]) -> set[UUID]:
    since = timezone.now() - datetime.timedelta(seconds=max(settings.ORPHAN_GRACE_S, SAID_SO_S))
    watched = Generation.objects.filter(pk__in=[runner.generation.pk for runner in runners], watched_at__gt=since)
    return set(watched.values_list("pk", flat=True))


def _hidden_generations(since: datetime.datetime) -> list[UUID]:
    return list(Generation.objects.filter(message__in=Message.objects.hidden_since(since)).values_list("pk", flat=True))


def _deactivated(askers: set[UUID]) -> set[UUID]:
    """Blocking: one query."""
    return set(User.objects.filter(pk__in=askers, is_active=False).values_list("pk", flat=True))


def _save(runners: Sequence[Runner]) -> dict[UUID, bool]:
    """Renew the leases and store the texts of those still held, in one transaction. Blocking."""
    texts = [(runner, runner.record.texts()) for runner in runners]  # here, so that no token waits for all of them
    with transaction.atomic():
        held = Generation.objects.renew_leases({runner.generation.pk: runner.generation.fence for runner in runners})
        Message.objects.checkpoint(
            (
                runner.generation.message_id,
                runner.generation.pk,
                runner.generation.fence,
                text["text"],
                text["thinking"],
            )
            for runner, text in texts
            if runner.generation.pk in held and runner.record.has_news(text)
        )
    return held
