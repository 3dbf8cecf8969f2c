"""The way from the event loop to the database: a few threads of its own, never the one that requests share."""

import asyncio
import contextvars
import datetime
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connections
from django.utils import timezone, translation

THREADS = 3  # SQLite has one writer; and each thread more takes the interpreter from tokens on their way
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_database(call: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Run a blocking call in a database thread and return what it returns.

    A caller that is cancelled still waits for the thread: nobody's transaction commits behind their back.
    """
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


def _with_connection(call: Callable[[], Result], language: str | None, zone: datetime.tzinfo) -> Result:
    """Call in the caller's language and time zone.

    The thread keeps its connection for the next call, unless an error says that it may be broken.
    """
    try:
        with translation.override(language), timezone.override(zone):
            return call()
    except DatabaseError:
        connections.close_all()
        raise
