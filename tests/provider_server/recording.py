"""What a provider server saw of one request, and what it did."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from .script import Script

Leaving = Literal["closed", "reset"]


class Sent(msgspec.Struct, frozen=True):
    """A piece of the answer and when it was handed to the socket (``time.monotonic``)."""

    at: float
    text: str


class Recording:
    """One request. Times are ``time.monotonic`` seconds, the same clock in every process of a machine."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: Any, connection: int, at: float) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.connection, self.at = connection, at
        self.script = Script()
        self.sent: list[Sent] = []
        self.complete = False
        self.ended_at: float | None = None
        self.left_at: float | None = None
        self.left_how: Leaving | None = None
        self.changed = threading.Condition()

    @property
    def text(self) -> str:
        """What was sent of the answer."""
        return "".join(piece.text for piece in self.sent)

    @property
    def model(self) -> str:
        return str(self.body.get("model", "")) if isinstance(self.body, dict) else ""

    @property
    def last_turn(self) -> tuple[str, str]:
        """Role and text of the request's last message; empty when there is none."""
        messages = self.body.get("messages") if isinstance(self.body, dict) else None
        return _turn(messages[-1]) if messages else ("", "")

    @property
    def prefix(self) -> str:
        """The text this request asks to go on from: a last assistant turn, with or without an instruction after it."""
        messages = self.body.get("messages") if isinstance(self.body, dict) else None
        turns = [_turn(message) for message in messages or []]
        if turns and turns[-1][0] == "user" and "exactly where" in turns[-1][1]:
            turns.pop()
        return turns[-1][1] if turns and turns[-1][0] == "assistant" else ""

    def leave(self, at: float, how: Leaving) -> None:
        """The client closed its end before the answer had ended."""
        with self.changed:
            if self.left_at is None and self.ended_at is None:
                self.left_at, self.left_how = at, how
            self.changed.notify_all()

    def end(self, at: float, *, complete: bool) -> None:
        """The server did all it was told to."""
        with self.changed:
            self.ended_at, self.complete = at, complete
            self.changed.notify_all()

    def wait_left(self, timeout_s: float = 20) -> float:
        """Block until the client has left; when that was. Raises TimeoutError."""
        return self._wait(lambda: self.left_at, timeout_s)

    async def aleft(self, timeout_s: float = 20) -> float:
        """``wait_left`` for a test that runs in a loop."""
        return await asyncio.to_thread(self.wait_left, timeout_s)

    def wait_sent(self, count: int = 1, timeout_s: float = 20) -> float:
        """Block until ``count`` tokens have been sent; when the last of them was. Raises TimeoutError."""
        return self._wait(lambda: self.sent[count - 1].at if len(self.sent) >= count else None, timeout_s)

    async def asent(self, count: int = 1, timeout_s: float = 20) -> float:
        """``wait_sent`` for a test that runs in a loop."""
        return await asyncio.to_thread(self.wait_sent, count, timeout_s)

    def _wait(self, value: Callable[[], float | None], timeout_s: float) -> float:
        with self.changed:
            if not self.changed.wait_for(lambda: value() is not None, timeout_s):
                raise TimeoutError(f"{self.method} {self.path}: not within {timeout_s} s")
        found = value()
        assert found is not None
        return found

    def as_json(self) -> dict[str, Any]:
        """For another process, over the control endpoint."""
        return {
            **{name: getattr(self, name) for name in ("method", "path", "headers", "body", "connection", "at")},
            **{name: getattr(self, name) for name in ("complete", "ended_at", "left_at", "left_how", "text")},
            "sent": [[piece.at, piece.text] for piece in self.sent],
        }


def _turn(message: dict[str, Any]) -> tuple[str, str]:
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return str(message.get("role")), content
