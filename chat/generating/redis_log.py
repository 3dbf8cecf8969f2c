"""Generations' logs in Redis: a stream for each, which other processes read and a next runner goes on in.

An entry's id is ``<fence>-<seq>``: who wrote it and the number of its newest event. Its one field is named after the
epoch and holds a JSON array of events. All streams that have something new are written by one script in one call. An
entry is written only behind the one that its writer knows as the last: a stream that was emptied, lost its end or has
another runner is found out by Redis itself, and a writer whose fence has been passed writes nothing whatever it knows.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from .events import MAX_FRAME_TEXT, EndEvent, Event, StartEvent, TextEvent

RUNNING_S = 3600  # how long a stream outlives the last thing that was written to it
ENDED_S = 60  # those who read it have seen the end by then; others ask the database

# For each stream: the id its last entry must have ('' for none, '*' to replace all that is there), the new entry's id,
# epoch and events, and for how long to keep it. Returns what was refused: its place and the last entry's id.
APPEND = """
local refused = {}
for i, key in ipairs(KEYS) do
  local at = 5 * (i - 1)
  local expected, id = ARGV[at + 1], ARGV[at + 2]
  local found = redis.pcall('XREVRANGE', key, '+', '-', 'COUNT', 1)
  local foreign = found.err ~= nil
  local last = not foreign and found[1] and found[1][1] or ''
  local passed = last ~= '' and tonumber(string.match(last, '^%d+')) > tonumber(string.match(id, '^%d+'))
  if passed or (expected ~= '*' and (foreign or last ~= expected)) then
    refused[#refused + 1] = {i - 1, last}
  else
    if expected == '*' then redis.call('DEL', key) end
    redis.call('XADD', key, id, ARGV[at + 3], ARGV[at + 4])
    redis.call('EXPIRE', key, ARGV[at + 5])
  end
end
return refused
"""

# Become the writer: from now on nobody with an earlier fence writes. Returns the entries there are.
CLAIM = """
local found = redis.pcall('XRANGE', KEYS[1], '-', '+')
if found.err or #found == 0 then return {} end
local last = found[#found]
if tonumber(string.match(last[1], '^%d+')) < tonumber(ARGV[1]) then
  redis.call('XADD', KEYS[1], ARGV[1] .. '-0', last[2][1], '[]')
end
return found
"""

ANYTHING = b"*"  # in place of the last id: whatever is there, it is replaced

_encoder = msgspec.json.Encoder()
_decoder: "msgspec.json.Decoder[list[Event]]" = msgspec.json.Decoder(list[StartEvent | TextEvent | EndEvent])


class Foreign(Exception):
    """What Redis holds under a stream's name is not what we write there."""


class Append(msgspec.Struct, frozen=True):
    """What is to be written of one log; ``expected``: the id of the entry it must follow."""

    key: bytes
    expected: bytes
    id: bytes
    epoch: int
    events: Sequence[Event]

    @property
    def arguments(self) -> tuple[bytes | int, ...]:
        kept_s = ENDED_S if isinstance(self.events[-1], EndEvent) else RUNNING_S
        return self.expected, self.id, self.epoch, _encoder.encode(self.events), kept_s


class Refusal(msgspec.Struct, frozen=True):
    """An append that Redis did not accept, and the id of the entry that is the last there; empty for none."""

    append: Append
    last: bytes

    @property
    def fence(self) -> int:
        return int(self.last.partition(b"-")[0] or 0)


class Entry(msgspec.Struct, frozen=True):
    """Events ``first`` to ``seq`` of a log; none when a runner only said that it is there."""

    id: bytes
    epoch: int
    events: list[Event]

    @classmethod
    def decode(cls, raw: object, request_id: UUID) -> "Entry":
        """Raises Foreign for whatever our own writer would not have written for this request."""
        try:
            entry_id, [epoch, payload] = msgspec.convert(raw, tuple[bytes, tuple[bytes, bytes]])
            entry = cls(entry_id, int(epoch), _decoder.decode(payload))
            entry._check(request_id)
        except (msgspec.MsgspecError, ValueError) as error:
            raise Foreign(str(error)) from error
        return entry

    @property
    def seq(self) -> int:
        return int(self.id.partition(b"-")[2])

    @property
    def first(self) -> int:
        return self.seq - len(self.events) + 1

    @property
    def begins(self) -> bool:
        """Whether the log begins with it."""
        return bool(self.events) and self.first == 1

    def _check(self, request_id: UUID) -> None:
        if self.epoch < 1 or self.first < 1:
            raise ValueError("an entry that is numbered wrongly")
        for seq, event in enumerate(self.events, self.first):
            if (seq == 1) != isinstance(event, StartEvent):
                raise ValueError("a start where none should be, or none where one should be")
            if isinstance(event, TextEvent):
                if event.size > MAX_FRAME_TEXT:
                    raise ValueError("a text that is too long")
                continue
            frame = event.frame
            if (frame.request_id, frame.after, frame.seq) != (request_id, seq - 1, seq):
                raise ValueError("a frame of something else")
            if isinstance(event, StartEvent) and event.frame.epoch != self.epoch:
                raise ValueError("a start of another epoch")
            if isinstance(event, EndEvent) and seq != self.seq:
                raise ValueError("something after the end")


class RedisLog:
    """Every call raises RedisError, or OSError, when Redis is away."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self.redis = redis
        self._prefix = f"{prefix}log:"
        self._append = redis.register_script(APPEND)
        self._claim = redis.register_script(CLAIM)

    def key(self, generation_id: UUID) -> bytes:
        return f"{self._prefix}{generation_id.hex}".encode()

    async def append(self, appends: Sequence[Append]) -> list[Refusal]:
        """Write them all in one call; what was refused was not written."""
        arguments = [argument for append in appends for argument in append.arguments]
        refused = await self._append(keys=[append.key for append in appends], args=arguments)
        return [Refusal(appends[place], last) for place, last in refused]

    async def claim(self, generation_id: UUID, request_id: UUID, fence: int) -> list[Event]:
        """Keep earlier runners from writing, and return the log as far as anybody can have read it here.

        Empty when there is none, or nothing that makes sense.
        """
        events: list[Event] = []
        epoch = 0
        try:
            for raw in await self._claim(keys=[self.key(generation_id)], args=[fence]):
                entry = Entry.decode(raw, request_id)
                if entry.events and entry.first == 1:
                    events, epoch = [], entry.epoch
                if entry.epoch != epoch or entry.first > len(events) + 1:
                    raise Foreign("a gap")
                events += entry.events[len(events) + 1 - entry.first :]
        except Foreign:
            return []
        return events
