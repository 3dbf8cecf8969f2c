"""The way from the event loop to the database: a few threads of its own, never the one that requests share."""

import asyncio
import contextvars
import datetime
import functools
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection, connections
from django.utils import timezone, translation

_shared = connection.vendor == "postgresql"  # looked up once: each task of the event loop would get a connection object
# SQLite has one writer; PostgreSQL has many, but is waited for; each thread more takes the interpreter from tokens.
THREADS = 8 if _shared else 3
PAUSES_S = (0.1, 0.5, 1.5)
PART_PAUSE_S = 0.02
logger = logging.getLogger(__name__)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Item = TypeVar("Item")


def shared() -> bool:
    """Whether other processes may use the database, too."""
    return _shared


async def in_database(call: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a blocking call in a database thread and return what it returns.

    A caller that is cancelled still waits for the thread: nobody's transaction commits behind their back.
    """
    await _let_go_of_the_requests_own()
    bound = functools.partial(call, *args, **kwargs)
    context = contextvars.copy_context()
    # Django keeps these two to the thread they were set in, whatever the context.
    speaking, zone = translation.get_language(), timezone.get_current_timezone()
    work = functools.partial(context.run, _with_connection, bound, speaking, zone)
    running = asyncio.get_running_loop().run_in_executor(_threads, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def persistently(call: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """As ``in_database``, for what may be done twice: again when the server went away in the middle of it."""
    for pause_s in PAUSES_S if shared() else ():
        try:
            return await in_database(call, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database was lost, trying again: %s", error)
            await asyncio.sleep(pause_s)
    return await in_database(call, *args, **kwargs)


async def in_turn(call: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """As ``persistently``, for the first step of what begins, of which a storm may come at once.

    On SQLite, which has one writer, it is one after the other, and the tokens that have come meanwhile go first:
    several threads at work would leave the event loop a fraction of the interpreter until the storm is over. The
    later steps do not wait here, or nobody's first token would come before everybody has been heard.
    """
    if shared():
        return await persistently(call, *args, **kwargs)
    loop = asyncio.get_running_loop()
    async with _turns.setdefault(loop, asyncio.Semaphore(1)):
        await asyncio.sleep(0)
        return await in_database(call, *args, **kwargs)


async def in_parts(items: Sequence[Item], at_once: int) -> AsyncIterator[Sequence[Item]]:
    """So many at a time, with a pause before the next: the event loop makes up for what waited for the interpreter
    while a database thread had it. In one go thousands would take it for as long as people notice."""
    for start in range(0, len(items), at_once):
        if start:
            await asyncio.sleep(PART_PAUSE_S)
        yield items[start : start + at_once]


async def _let_go_of_the_requests_own() -> None:
    """A request that waited here with a connection of the pool could be what those it waits for are waiting for."""
    request = SyncToAsync.thread_sensitive_context.get(None)
    if shared() and request in SyncToAsync.context_to_thread_executor:
        await sync_to_async(close_old_connections)()


def one_at_a_time(what: str) -> None:
    """Let no other process do the same until this transaction ends. On SQLite none can: there is one writer."""
    if shared():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"parley:{what}"])


def _with_connection(call: Callable[[], Result], language: str | None, zone: datetime.tzinfo) -> Result:
    """Call in the caller's language and time zone.

    On SQLite the thread keeps its connection for the next call, unless an error says that it may be broken.
    On PostgreSQL it goes back to the pool, which looks whether it works before it gives it out again.
    """
    try:
        with translation.override(language), timezone.override(zone):
            return call()
    except DatabaseError:
        connections.close_all()
        raise
    finally:
        if shared():
            connections.close_all()
