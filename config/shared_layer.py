"""The channel layer of several processes: what is said in one is said in all of them, if Redis is there.

Groups are kept in each process, so that a socket opens and closes without Redis and Redis hears of no socket; one
subscription brings what the other processes say. Hints may be lost, so nobody waits for them either.
"""

import asyncio
import logging
import uuid
from typing import Any

import msgpack
import msgspec
from channels.exceptions import InvalidChannelLayerError
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.utils.module_loading import import_string
from redis import RedisError

from .channel_layer import ProcessLayer
from .redis import LEFT_ALONE_S, TIMEOUT_S, Absence

logger = logging.getLogger(__name__)
ALL = "hints"
DOUBTED_S = 10.0


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to a group, as it goes to the other processes."""

    type: str
    by: str
    group: str
    message: dict[str, str]


class SharedLayer(ProcessLayer):
    """``listen`` must run for as long as the process wants to hear the others."""

    def __init__(self, url: str, prefix: str, kinds: str, **settings: Any) -> None:
        """``kinds``: the name of the type that says what may be passed on."""
        super().__init__(**settings)
        self._kinds = kinds
        patience = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
        self._others = RedisPubSubChannelLayer(hosts=[{"address": url, **patience}], prefix=prefix)
        self._id = uuid.uuid4().hex
        self._absence = Absence("processes find out from the database what others did")
        logging.getLogger("channels_redis.pubsub").addFilter(self._note)

    @property
    def reaches_all(self) -> bool:
        """Whether what was said lately has been heard in the other processes, too."""
        return not self._absence.was_within(DOUBTED_S)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await super().group_send(group, message)
        if self._absence.lasts:
            return
        said = Said("said", self._id, group, message)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._others.group_send(ALL, msgspec.to_builtins(said))
        except (RedisError, OSError, TimeoutError) as error:
            self._absence.begin(error)
        else:
            self._absence.end()

    async def listen(self) -> None:
        """Pass on what other processes say, for ever. It may take long to subscribe, but then it stays so."""
        try:
            channel = await self._subscribed()
            while True:
                try:
                    await self._pass_on(await self._others.receive(channel))
                except (ValueError, TypeError, InvalidChannelLayerError, msgpack.UnpackException) as error:
                    logger.warning("a hint that is none: %s", error)
        finally:
            await self._others.flush()

    async def _subscribed(self) -> str:
        while True:
            try:
                channel: str = await self._others.new_channel()
                await self._others.group_add(ALL, channel)
                return channel
            except (RedisError, OSError, TimeoutError) as error:
                self._absence.begin(error)
                await self._others.flush()
                await asyncio.sleep(LEFT_ALONE_S)

    def _note(self, record: logging.LogRecord) -> bool:
        """A subscription that is lost is tried again each second: that needs one line, not a traceback each time."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, RedisError | OSError | TimeoutError):
            self._absence.begin(error)
            return False
        return True

    async def _pass_on(self, message: object) -> None:
        """Whoever can write to Redis could say anything: at worst, somebody looks at the database in vain."""
        said = msgspec.convert(message, Said)
        msgspec.convert(said.message, import_string(self._kinds))
        if said.by != self._id:
            await super().group_send(said.group, said.message)
