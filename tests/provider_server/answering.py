"""Plays a script on one connection, byte by byte where it says so."""

import asyncio
import time
from typing import Any, Protocol

from .pacing import Pacer, stamp
from .recording import Recording, Sent
from .wire import OpenAIWire, Wire, words_read

FLOOD_BYTES = 50_000_000
GRACE_S = 0.05  # a reset throws away what the client has not read yet: let it read what was sent


class Line(Protocol):
    """A client's connection as an answer sees it."""

    def write(self, data: bytes) -> None: ...
    async def drained(self) -> None: ...
    async def gone(self) -> None: ...
    def close(self) -> None: ...
    def reset(self) -> None: ...


class Answer:
    """One scripted response to one recorded request."""

    def __init__(self, line: Line, recording: Recording, wire: Wire) -> None:
        self.line, self.recording, self.wire, self.script = line, recording, wire, recording.script
        self._cut_short, self._wrote = False, 0
        self._half_packet = b""

    async def play(self) -> bool:
        """Do what the script says; whether the connection may be used again."""
        script = self.script
        await asyncio.sleep(script.header_delay_s)
        if script.ending == "hang_up":
            self.recording.end(time.monotonic(), complete=False)
            return False
        if script.status != 200 or self._refused():
            return self._refuse()
        self.line.write(self._head("200 OK", script.content_type, "Transfer-Encoding: chunked"))
        await self._stream()
        return await self._end()

    def _refused(self) -> str:
        body: dict[str, Any] = self.recording.body if isinstance(self.recording.body, dict) else {}
        present = {*body, *(["prefill"] if self.recording.last_turn[0] == "assistant" else [])}
        return next((name for name in self.script.refuse if name in present), "")

    def _refuse(self) -> bool:
        parameter = self._refused()
        status = 400 if parameter else self.script.status
        body = self.wire.error(status, self.script, parameter)
        more = f"Content-Length: {len(body)}"
        for name, value in (("Retry-After", self.script.retry_after), ("Location", self.script.location)):
            more += f"\r\n{name}: {value}" if value is not None else ""
        self.line.write(self._head(f"{status} Scripted", "application/json", more) + body)
        self.recording.end(time.monotonic(), complete=True)
        return self.script.keep_alive

    def _head(self, status: str, content_type: str, more: str) -> bytes:
        connection = "keep-alive" if self.script.keep_alive else "close"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nrequest-id: req_1\r\n"
        return f"{head}Connection: {connection}\r\n{more}\r\n\r\n".encode()

    async def _stream(self) -> None:
        script, body = self.script, self.recording.body
        pieces = list(script.pieces_after(self.recording.prefix))
        limit = body.get("max_tokens") or body.get("max_completion_tokens")
        if limit and not script.ignore_max_tokens and limit < len(pieces):
            pieces, self._cut_short = pieces[:limit], True
        if script.after is not None and script.ending not in ("finish", "finish_open"):
            pieces = pieces[: script.after]
        await self._send(self._dress(self.wire.opening(self.recording)))
        await asyncio.sleep(script.first_token_delay_s)
        for thought in script.thinking:
            await self._send(self._dress(self.wire.thinking(thought, script.thinking_field)))
        if script.stamped:
            await self._send_stamped(len(pieces))
        else:
            await self._send_tokens(pieces)

    async def _send_stamped(self, count: int) -> None:
        self._wrote += count
        if self.script.rate:
            pacer = Pacer(self._chunk, self.wire.token, count, self.script.rate)
            pacer.tick()
            await pacer.done
            return
        step = self.script.tokens_per_packet
        for start in range(0, count, step):
            self._chunk(b"".join([self.wire.token(stamp()) for _ in range(min(step, count - start))]))
            await self.line.drained()

    async def _send_tokens(self, pieces: list[str]) -> None:
        script, started, step = self.script, time.monotonic(), self.script.tokens_per_packet
        for index in range(0, len(pieces), step):
            if script.rate:
                await asyncio.sleep(max(0, started + index / script.rate - time.monotonic()))
            packet = b"".join([self._dress(self.wire.token(piece)) for piece in pieces[index : index + step]])
            if script.interject and index <= script.interject_at < index + step:
                packet = script.interject.encode() + packet
            await self._send(packet)
            self._record(pieces[index : index + step])

    def _record(self, pieces: list[str]) -> None:
        self._wrote += len(pieces)
        with self.recording.changed:
            self.recording.sent.append(Sent(time.monotonic(), "".join(pieces)))
            self.recording.changed.notify_all()

    def _dress(self, events: bytes) -> bytes:
        """The same events with the script's line endings, comments and splitting of data lines."""
        script = self.script
        if not script.space:
            events = events.replace(b"data: ", b"data:").replace(b"event: ", b"event:")
        if script.multiline:
            events = events.replace(b'data: {"', b'data: {\ndata: "')
        if script.comments:
            events = b": ping\n\n" + events
        return events.replace(b"\n", b"\r\n") if script.crlf else events

    async def _send(self, data: bytes) -> None:
        size = self.script.packet_bytes
        if size is None:
            self._chunk(data)
            await self.line.drained()
            return
        data = self._half_packet + data
        whole = len(data) - len(data) % size
        for start in range(0, whole, size):
            self._chunk(data[start : start + size])
            await asyncio.sleep(self.script.packet_pause_s)
        self._half_packet = data[whole:]

    def _chunk(self, data: bytes) -> None:
        if data:
            self.line.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def _end(self) -> bool:
        """The script's ending; whether the connection may be used again."""
        script, wire, ending = self.script, self.wire, self.script.ending
        if ending in ("finish", "finish_open"):
            reason = "length" if self._cut_short else script.finish_reason
            await self._send(self._dress(wire.finish(self.recording, reason, self._usage())))
        elif ending == "garbage":
            await self._send(b"data: {this is not JSON\n\n")
        elif ending == "overload":
            await self._send(self._dress(wire.overload()))
        elif ending == "flood":
            await self._flood()
        if ending in ("silence", "finish_open"):
            await self.line.gone()
            return False
        if ending in ("cut", "reset", "flood"):
            await asyncio.sleep(GRACE_S if ending == "reset" else 0)
            self.recording.end(time.monotonic(), complete=False)
            (self.line.reset if ending == "reset" else self.line.close)()
            return False
        self._chunk(self._half_packet)
        self.line.write(b"0\r\n\r\n")
        self.recording.end(time.monotonic(), complete=ending == "finish")
        return script.keep_alive

    async def _flood(self) -> None:
        self._chunk(b"data: ")
        for _ in range(FLOOD_BYTES // 100_000):
            self._chunk(b"x" * 100_000)
            await self.line.drained()

    def _usage(self) -> dict[str, Any] | None:
        usage = self.script.usage
        if usage == "missing":
            return None
        if isinstance(usage, dict):
            return usage
        read, wrote = words_read(self.recording), self._wrote
        if isinstance(self.wire, OpenAIWire):
            return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
        return {"output_tokens": wrote}
