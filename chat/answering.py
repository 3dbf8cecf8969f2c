"""What clients may ask of generations, the same for every kind of viewer: ask, resume, cancel, watch."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.hints import site_news

from . import asking, generating, hints, judging
from .database import in_database, in_turn
from .generating.frames import budget_now
from .generating.hub import replay
from .generating.log import GenerationLog
from .generating.process import Process
from .models import Conversation, Generation
from .models.generation import GenerationQuerySet
from .moderating import rules
from .protocol import Ask, Refused

if TYPE_CHECKING:
    from accounts.models import User

    from .generating import Viewer


async def ask(user: "User", request: Ask, viewer: "Viewer") -> None:
    """Carry out a request and watch its answer from the beginning. Raises Refused, also while draining."""
    process = await generating.started()
    if process.draining:
        sentence = _("The server is restarting. The message is sent again by itself.")
        raise Refused("draining", sentence, retryable=True, retry_after_s=1)
    running = asyncio.ensure_future(_store_and_run(process, user, request, viewer))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])  # whoever asked is gone: what has been stored is run all the same
        raise


async def _store_and_run(process: Process, user: "User", request: Ask, viewer: "Viewer") -> None:
    refusal = process.no_room_for(user.pk) or await judging.refusal(user, request)
    asked = await in_turn(asking.ask, user, request, refusal)
    generation = asked.generation
    if not asked.created:
        viewer.attach(await _log(user, generation))
        return
    log = process.submit(generation, asked.follows, asked.ground)
    viewer.attach(log)
    await hints.generation_queued(log.conversation_id, generation.pk)
    change: hints.Change = "created" if asked.opened else "message"
    await hints.conversation_updated(user.pk, log.conversation_id, change)
    await hints.budget_changed(user.pk)
    if (await rules.ain_force()).prompts_noted.rules:
        await site_news(user.pk)


async def resume(
    user: "User", request_id: UUID, viewer: "Viewer", after: int = 0, epoch: int | None = None
) -> GenerationLog:
    """Watch a generation from a cursor. Raises Refused when there is none that the person may see."""
    process = await generating.started()
    log = process.hub.find(user.pk, request_id)
    if log is None:
        log = await _log(user, await in_database(_readable, user, request_id))
    viewer.attach(log, after, epoch)
    return log


async def cancel(user: "User", request_id: UUID) -> None:
    """Stop a generation, here or wherever it runs; one that has ended stays as it is. Raises Refused."""
    process = await generating.started()
    log = process.hub.find(user.pk, request_id)
    if log is not None and process.cancel(log.generation_id):
        return
    generation = await in_database(_newest, Generation.objects.visible_to(user), request_id)
    if generation.active:
        await in_database(generation.request_cancel)
        await hints.cancel_requested(generation.pk)


async def cancel_all(conversation_id: UUID) -> None:
    """Stop all that is being written in a conversation, here or wherever it runs."""
    active = Generation.objects.active().filter(message__conversation=conversation_id)
    async for key in active.values_list("pk", flat=True):
        await stop(key)


async def stop(generation_id: UUID) -> None:
    """Stop a generation, whoever asked for it, here or wherever it runs; for those who have been authorised."""
    if not generating.current().cancel(generation_id):
        await Generation.objects.active().filter(pk=generation_id).aupdate(cancel_requested_at=timezone.now())
        await hints.cancel_requested(generation_id)


async def stop_all_of(user_id: UUID) -> None:
    """Close what this process writes for somebody who is gone; other processes find out by themselves."""
    process = generating.current()
    for log in list(process.hub):
        if log.user_id == user_id:
            process.cancel(log.generation_id)


async def watch(user: "User", conversation_id: UUID, viewer: "Viewer") -> None:
    """Watch all that is being generated in a conversation now. Raises Refused when it is not theirs to see."""
    owner, active = await in_database(_active, user, conversation_id)
    if owner != user.pk:
        viewer.guest_in.add(conversation_id)
    for generation in active:
        if not viewer.watches(generation.pk):
            viewer.attach(generating.current().hub.follow(generation))


def join(generation_id: UUID, viewer: "Viewer") -> bool:
    """Watch a generation that has just begun in a conversation that the viewer watches; false: it is not known here."""
    log = generating.current().hub.get(generation_id)
    if log is None:
        return False
    if log.conversation_id in viewer.conversations and not log.ended and not viewer.watches(generation_id):
        viewer.attach(log)
    return True


async def join_elsewhere(generation_id: UUID, viewer: "Viewer") -> None:
    """As ``join``, when another process writes it."""
    here = Generation.objects.active().filter(pk=generation_id, message__conversation__in=viewer.conversations)
    generation = await in_database(here.select_related("message").first)
    if generation is not None:
        generating.current().hub.follow(generation)
        join(generation_id, viewer)


def _newest(allowed: GenerationQuerySet, request_id: UUID) -> Generation:
    known = allowed.select_related("message", "continues")
    generation = known.filter(request_id=request_id).order_by("created_at").last()
    if generation is None:
        raise Refused("not_found", _("There is no such request."), field="request_id", request_id=request_id)
    return generation


def _readable(user: "User", request_id: UUID) -> Generation:
    """One's own comes first: somebody else can have chosen the same id."""
    own = Generation.objects.visible_to(user)
    known = own if own.filter(request_id=request_id).exists() else Generation.objects.readable_by(user)
    return _newest(known, request_id)


async def _log(user: "User", generation: Generation) -> GenerationLog:
    """The generation's log, a replica of another process's, or a replay of it when it has ended."""
    hub = generating.current().hub
    if log := hub.get(generation.pk):
        return log
    return hub.follow(generation) if generation.active else await in_database(_replay, user, generation)


def _replay(user: "User", generation: Generation) -> GenerationLog:
    return replay(generation, budget_now(user))


def _active(user: "User", conversation_id: UUID) -> tuple[UUID, list[Generation]]:
    """The owner of a conversation, and what is written in it now."""
    readable = Conversation.objects.readable_by(user).filter(pk=conversation_id)
    owner = readable.values_list("owner_id", flat=True).first()
    if owner is None:
        raise Refused("not_found", _("This conversation does not exist."), field="conversation_id")
    active = Generation.objects.active().filter(message__conversation=conversation_id)
    return owner, list(active.select_related("message"))
