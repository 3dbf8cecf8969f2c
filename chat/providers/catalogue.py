"""Keeps the LanguageModel rows in step with what the providers offer."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import transaction

from chat.database import in_database, one_at_a_time
from chat.models import LanguageModel, ProviderConnection

from . import OfferedModel, ProviderError
from .known_limits import OLLAMA, is_for_chat, limits_of
from .registry import Kind, Source, load, sources

logger = logging.getLogger(__name__)

ASK_S = 1.0  # at the start of a process, which must not wait for a provider that is slow
FIRST_ASK_S = 5.0  # at the very first start: without a model there is nothing to serve
ASK_AGAIN_S = 10.0  # the same later, when nobody waits
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0

Offers = Mapping[Source, Sequence[OfferedModel] | None]


async def sync_at_start() -> bool:
    """As ``sync_models``; a first start, with no model to offer yet, waits longer than one that knows some."""
    await in_database(_reseal)
    known = LanguageModel.objects.filter(enabled=True, offered=True).exclude(provider=Kind.DEMO)
    return await sync_models(ASK_S if await in_database(known.exists) else FIRST_ASK_S)


def _reseal() -> None:
    """Their keys under today's secret key, so that an earlier one can be dropped after a start. Blocking."""
    for connection in ProviderConnection.objects.exclude(sealed_key=""):
        connection.reseal()


async def sync_models(timeout_s: float = ASK_S) -> bool:
    """Bring the rows up to date with the providers, waiting for them (and for an SDK to load) ``timeout_s`` at most.

    Returns whether all is known: False when a provider did not answer (its known rows stay as they are) or when
    only the demo is there, which an Ollama started later replaces.
    """
    asked = await sources()
    answers = await asyncio.gather(*(_offers(source, timeout_s) for source in asked))
    offers = dict(zip(asked, answers, strict=True))
    await in_database(store, offers)
    return Source(Kind.DEMO) not in offers and None not in offers.values()


async def keep_in_step(pause_s: float = FIRST_PAUSE_S) -> None:
    """Sync again, with growing pauses, until all is known; for a task beside the server."""
    while True:
        await asyncio.sleep(pause_s)
        try:
            if await sync_models(ASK_AGAIN_S):
                return
        except Exception:  # the database may be away as well: the next round finds out
            logger.exception("models could not be brought up to date")
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _offers(source: Source, timeout_s: float) -> list[OfferedModel] | None:
    """The models of one provider; None when it did not say."""
    named = [OfferedModel(name) for name in _named(source)]
    try:
        async with asyncio.timeout(timeout_s):
            provider = await load(*source)  # also where nothing is asked: no request is to wait for the import
            offered = named or await provider.offered_models()
    except (ProviderError, TimeoutError) as error:
        if named:
            return named
        reason = error.message if isinstance(error, ProviderError) else f"No answer within {timeout_s:g} s."
        logger.warning("%s could not be asked for its models; those known stay. %s", source.label, reason)
        return None
    return named or [model for model in offered if is_for_chat(model.name)]


def _named(source: Source) -> Sequence[str]:
    """Those that whoever set it up has named."""
    if source.connection is not None:
        return source.connection.names
    return {Kind.ANTHROPIC: settings.ANTHROPIC_MODELS, Kind.OPENAI: settings.OPENAI_MODELS}.get(source.kind, [])


@transaction.atomic
def store(offers: Offers) -> None:
    """Write what is offered: new rows, and which of the old ones are there. What an admin set is never changed."""
    one_at_a_time("models")  # several processes may start at once
    rows = LanguageModel.objects.in_bulk(field_name="name")
    offered: set[str] = set()
    for source, models in offers.items():
        for model in models or []:
            if model.name in offered:
                continue  # of two providers with the same name the first has it
            offered.add(model.name)
            rows[model.name] = _row(rows.get(model.name), source, model)
    gone = LanguageModel.objects.filter(offered=True).exclude(name__in=offered)
    for source in (source for source, models in offers.items() if models is None):
        gone = gone.exclude(pk__in=LanguageModel.objects.filter(provider=source.kind, connection=source.connection))
    gone.update(offered=False)
    _choose_default()


def _row(row: LanguageModel | None, source: Source, model: OfferedModel) -> LanguageModel:
    """The row of a model that is offered now, made if there is none."""
    kind, connection = source
    if row is None:
        window, longest = OLLAMA if kind == Kind.OLLAMA else limits_of(model.name)
        window = model.context_window or window
        longest = min(model.max_output_tokens or longest, settings.MAX_OUTPUT_TOKENS, max(window // 2, 1))
        row = LanguageModel(name=model.name, label=model.label, context_window=window, max_output_tokens=longest)
    elif row.offered and row.provider == kind and row.connection_id == (connection.pk if connection else None):
        return row
    row.provider, row.connection, row.offered = kind, connection, True
    row.save()
    return row


def _choose_default() -> None:
    """``DEFAULT_MODEL``, or else the default there is, or else the first model."""
    people_see = LanguageModel.objects.filter(enabled=True, offered=True)
    default = people_see.filter(name=settings.DEFAULT_MODEL).first() if settings.DEFAULT_MODEL else None
    if settings.DEFAULT_MODEL and default is None:
        logger.warning("DEFAULT_MODEL is %s, which is not available: another one is used.", settings.DEFAULT_MODEL)
    default = default or people_see.order_by("-is_default", "id").first()
    if default is not None and not default.is_default:
        default.make_default()
