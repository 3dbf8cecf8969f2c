"""What several processes share beside the database: ``REDIS_URL``, read in one place, and how one gets there.

Everything in it may be lost at any moment. Whoever asks it goes on without it, and does not ask again for
a moment, so that not every caller waits for what is away, and the log has a line when it goes and one when it is back.
"""

import asyncio
import hashlib
import logging
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .environment import Environment, WrongSetting

if TYPE_CHECKING:
    import redis.asyncio

logger = logging.getLogger(__name__)
TIMEOUT_S = 0.5
LEFT_ALONE_S = 1.0
TESTED = (7, 0)
HINTS = "chat.hint_kinds.AnyHint"


def redis_url(environment: Environment) -> str:
    """Empty: there is none. A wrong one is never repeated, for it may hold a password."""
    url = environment.text("REDIS_URL")
    if not url:
        return ""
    from redis.asyncio import ConnectionPool

    try:
        parts = urlsplit(url)
        if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.hostname or parts.path.strip("/")):
            raise ValueError("not an address")
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError) as error:
        sentence = "must be redis://host:6379/0, rediss://… for TLS or unix:///path/to/socket."
        raise WrongSetting("REDIS_URL", sentence) from error
    return url


def prefix(database: dict[str, Any]) -> str:
    """What all keys begin with: sites with databases of different names do not meet in one Redis."""
    return f"parley:{hashlib.sha256(str(database['NAME']).encode()).hexdigest()[:8]}:"


def caches(url: str, key_prefix: str) -> dict[str, Any]:
    """Django's cache: shared, if it can be."""
    if not url:
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    options = {"serializer": "config.cache.Json"} | patience()
    backend = "config.cache.SharedCache"
    return {"default": {"BACKEND": backend, "LOCATION": url, "KEY_PREFIX": key_prefix, "OPTIONS": options}}


def channel_layers(url: str, key_prefix: str) -> dict[str, Any]:
    """The channel layer, for hints: within the process, and from there to the others."""
    if not url:
        return {"default": {"BACKEND": "config.channel_layer.ProcessLayer"}}
    backend, options = "config.shared_layer.SharedLayer", {"url": url, "prefix": key_prefix, "kinds": HINTS}
    return {"default": {"BACKEND": backend, "CONFIG": options}}


def patience() -> dict[str, Any]:
    """How long a call may take: who waits for an answer is a person, and can be served without it."""
    from redis import ReadOnlyError
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "retry": Retry(NoBackoff(), 1),  # a connection that Redis closed meanwhile
        "retry_on_error": [ReadOnlyError],  # or that leads to a server whose place another one has taken
    }


def connect(url: str, *, timeout_s: float = TIMEOUT_S) -> "redis.asyncio.Redis":
    """For the event loop. Every call raises RedisError or OSError when it cannot be done in time."""
    import redis.asyncio
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    # Once more, over a new connection, when the old one was cut or leads to a server whose place another one has
    # taken; who does not answer in time is not asked again at once.
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError, redis.ReadOnlyError))
    return redis.asyncio.Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=TIMEOUT_S, retry=retry, protocol=2
    )


def cancelled() -> bool:
    """Whether the task should have ended: redis-py can swallow a cancellation that meets it while it connects."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def examine(url: str) -> str:
    """Why it cannot be used, as a sentence; empty when it answers. Blocking."""
    import redis

    try:
        with redis.Redis.from_url(url, **patience()) as client:
            version = str(client.info("server")["redis_version"])
    except redis.AuthenticationError:
        return "Redis refuses the name or the password in REDIS_URL."
    except redis.RedisError as error:
        return f"Redis cannot be reached at {shown(url)} ({error})."
    if tuple(int(number) for number in version.split(".")[:2]) < TESTED:
        return f"Redis {version} is too old: 7.0 or later is needed."
    return ""


def shown(url: str) -> str:
    """The address without what is secret in it."""
    parts = urlsplit(url)
    where = Path(parts.path) if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
    return f"{parts.scheme}://{where}"


class Absence:
    """Whether Redis failed a moment ago, for one of those who use it."""

    def __init__(self, consequence: str) -> None:
        """``consequence``: how it goes on without, for the log."""
        self._consequence = consequence
        self._until = -math.inf
        self._noted = False

    @property
    def lasts(self) -> bool:
        """Whether it is too early to ask again."""
        return time.monotonic() < self._until

    def was_within(self, seconds: float) -> bool:
        """Whether it has lasted at any time in so many seconds."""
        return time.monotonic() < self._until + seconds

    def begin(self, error: BaseException) -> None:
        self._until = time.monotonic() + LEFT_ALONE_S
        if not self._noted:
            self._noted = True
            logger.warning("redis is away, %s: %s", self._consequence, str(error) or type(error).__name__)

    def end(self) -> None:
        if self._noted:
            self._noted = False
            logger.warning("redis is back; until now, %s", self._consequence)
