"""Reads from Redis what other processes write: one blocking read for all logs that somebody here watches."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from redis import RedisError
from redis.asyncio import Redis

from config.redis import LEFT_ALONE_S, TIMEOUT_S, Absence, cancelled, connect

from .redis_log import Entry, Foreign, RedisLog
from .replica import BEGINNING, Replica

logger = logging.getLogger(__name__)
BLOCK_S = 1.0
MOST_ENTRIES = 500  # of one log in one read
AWAY = (RedisError, OSError, TimeoutError)


class Tail:
    """``follow`` and ``leave`` say what is read. While Redis is away the replicas are not ``live``."""

    def __init__(self, redis_log: RedisLog, url: str, prefix: str) -> None:
        self._redis_log = redis_log
        self._reading: Redis = connect(url, timeout_s=BLOCK_S + TIMEOUT_S)
        self._replicas: dict[bytes, Replica] = {}
        self._doorbell = f"{prefix}doorbell:{uuid.uuid4().hex}".encode()
        self._rung = BEGINNING
        self._blocked = False
        self._ringing: set[asyncio.Task[None]] = set()
        self._absence = Absence("other processes' answers are read from the database")

    def follow(self, replica: Replica) -> None:
        self._replicas[self._redis_log.key(replica.generation_id)] = replica
        if self._blocked:
            task = asyncio.get_running_loop().create_task(self._ring())
            self._ringing.add(task)
            task.add_done_callback(self._ringing.discard)

    def leave(self, replica: Replica) -> None:
        self._replicas.pop(self._redis_log.key(replica.generation_id), None)

    async def run(self) -> None:
        """For as long as the process lives."""
        try:
            while not cancelled():
                try:
                    self._apply(await self._read())
                    self._absence.end()
                except AWAY as error:
                    self._absence.begin(error)
                    for replica in self._replicas.values():
                        replica.live = False
                    await asyncio.sleep(LEFT_ALONE_S / 4)
        finally:
            await self._reading.aclose()

    async def _read(self) -> list[Any]:
        """What follows the last that was read; nothing after a second without anything."""
        command = _xread({self._doorbell: self._rung} | {key: each.heard for key, each in self._replicas.items()})
        self._blocked = True
        try:
            # Past the client's own commands: its packing and unpacking cost more than all else here.
            connection = await self._reading.connection_pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.send_packed_command([command])
                return await connection.read_response(disable_decoding=True) or []
            except BaseException:
                await connection.disconnect(nowait=True)
                raise
            finally:
                await self._reading.connection_pool.release(connection)
        finally:
            self._blocked = False

    def _apply(self, streams: list[Any]) -> None:
        for key, entries in streams:
            if key == self._doorbell:
                self._rung = entries[-1][0]
            elif (replica := self._replicas.get(key)) is not None:
                self._hand_over(replica, entries)

    def _hand_over(self, replica: Replica, raw: list[Any]) -> None:
        try:
            replica.take([Entry.decode(entry, replica.request_id) for entry in raw])
        except Foreign as foreign:
            logger.warning("redis holds something else than a log: request=%s %s", replica.request_id, foreign)
            replica.live = False
            replica.heard = raw[-1][0]
        if replica.ended:
            self.leave(replica)

    async def _ring(self) -> None:
        """Have the blocking read begin again, with what is followed now."""
        redis = self._redis_log.redis
        try:
            await redis.xadd(self._doorbell, {b"": b""}, maxlen=1, approximate=False)
            await redis.expire(self._doorbell, 60)
        except AWAY as error:
            self._absence.begin(error)


def _xread(positions: Mapping[bytes, bytes]) -> bytes:
    """The command as Redis wants it: how many parts, then each with its length."""
    options = (b"XREAD", b"COUNT", b"%d" % MOST_ENTRIES, b"BLOCK", b"%d" % (BLOCK_S * 1000), b"STREAMS")
    parts = [*options, *positions.keys(), *positions.values()]
    return b"*%d\r\n" % len(parts) + b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])
