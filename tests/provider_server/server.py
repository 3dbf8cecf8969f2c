"""A scriptable provider on loopback: raw HTTP/1.1 over asyncio, so that every byte and every packet is chosen.

It speaks chat completions, Anthropic's messages and enough of Ollama to be found. In a test it runs in a
thread with a loop of its own; ``python -m tests.provider_server`` runs it as a process.
"""

import asyncio
import contextlib
import itertools
import threading
import time
from collections import deque
from typing import Any, Self

import msgspec

from tests.ports import free_port

from .connection import Connection
from .recording import Recording
from .script import Script


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``PUT /script``: a script for every request, for one model, or for the next request only."""

    script: Script
    model: str | None = None
    once: bool = False


class ProviderServer:
    """``with ProviderServer() as provider:`` gives a running server; ``provider.script(tokens=3)`` says what it does.

    ``stop`` and ``start`` may be called in turn: the port stays. ``requests`` are the calls for an answer,
    ``lookups`` everything else that was asked (models, the Ollama root).
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.models: list[str] = ["scripted"]
        self.models_body: bytes | None = None
        self.is_ollama = False
        self.requests: list[Recording] = []
        self.lookups: list[Recording] = []
        self.lookup_delay_s: float = 0
        self.moderations: list[Recording] = []
        self.flagged_words: dict[str, str] = {}  # and the category each of them falls under
        self.moderation_status = "200 OK"
        self.moderation_body: bytes | None = None
        self.moderation_delay_s: float = 0
        self.connections: set[Connection] = set()
        self.connection_ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self._default = Script()
        self._by_model: dict[str, Script] = {}
        self._next: deque[Script] = deque()
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Without a path; ``/v1`` follows for OpenAI, nothing for Anthropic and Ollama."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        return self.url + "/v1"

    def script(self, script: Script | None = None, /, *, model: str | None = None, **fields: Any) -> Script:
        """What every request (or every one for ``model``) is answered with, from now on."""
        script = script or Script(**fields)
        if model is None:
            self._default = script
        else:
            self._by_model[model] = script
        return script

    def script_next(self, script: Script | None = None, /, **fields: Any) -> Script:
        """What the next request only is answered with; several are taken in turn."""
        self._next.append(script or Script(**fields))
        return self._next[-1]

    def script_for(self, recording: Recording) -> Script:
        """The script this request is answered with."""
        number = next(self._numbers)
        if self._next:
            return self._next.popleft().for_call(number)
        script = self._by_model.get(recording.model) or Script.from_model(recording.model) or self._default
        return script.for_call(number)

    def record(self, recording: Recording) -> None:
        """Keep a request and wake who waits for one."""
        with self._changed:
            (self.requests if recording.method == "POST" else self.lookups).append(recording)
            self._changed.notify_all()

    def reset(self) -> None:
        """Forget every script and request."""
        self.requests, self.lookups, self._default = [], [], Script()
        self.moderations, self.flagged_words, self.moderation_delay_s = [], {}, 0
        self.moderation_status, self.moderation_body = "200 OK", None
        self._by_model.clear()
        self._next.clear()

    def wait_request(self, count: int = 1, timeout_s: float = 20) -> Recording:
        """Block until there have been ``count`` requests; the last of them. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests within {timeout_s} s")
        return self.requests[count - 1]

    async def arequest(self, count: int = 1, timeout_s: float = 20) -> Recording:
        """``wait_request`` for a test that runs in a loop."""
        return await asyncio.to_thread(self.wait_request, count, timeout_s)

    def moderated(self, text: str) -> dict[str, Any]:
        """One result; see https://platform.openai.com/docs/api-reference/moderations."""
        found = {category for word, category in self.flagged_words.items() if word in text}
        names = {"harassment", "violence", *self.flagged_words.values()}
        return {
            "flagged": bool(found),
            "categories": {name: name in found for name in sorted(names)},
            "category_scores": {name: 0.9 if name in found else 0.001 for name in sorted(names)},
        }

    def close_idle(self) -> None:
        """Close the kept connections that carry no request, as a provider does after some seconds."""
        self._in_loop(self._close_idle())

    async def _close_idle(self) -> None:
        for connection in list(self.connections):
            if connection.idle:
                connection.close()

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True, name="provider-server")
        self._thread.start()
        started.wait(5)
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(5)
            self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _in_loop(self, work: Any) -> None:
        assert self._loop is not None, "the server is not running"
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self.serve(started.set))

    async def serve(self, ready: Any = lambda: None) -> None:
        """Serve until ``stop``; in the calling loop."""
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self.port = self.port or free_port()
        server = await self._loop.create_server(lambda: Connection(self), "127.0.0.1", self.port, backlog=1024)
        ready()
        await self._stopping.wait()
        server.close()
        for connection in list(self.connections):
            connection.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)

    def control(self, method: str, path: str, body: Any) -> Any:
        """What the control endpoint answers other processes, for JSON; None: there is no such resource."""
        if (method, path) == ("PUT", "/script"):
            order = msgspec.convert(body, Order)
            (self.script_next(order.script) if order.once else self.script(order.script, model=order.model))
            return {}
        if (method, path) == ("PUT", "/models"):
            self.models = msgspec.convert(body, list[str])
            return {}
        if (method, path) == ("GET", "/requests"):
            return [recording.as_json() for recording in self.requests]
        if (method, path) == ("DELETE", "/requests"):
            self.reset()
            return {"at": time.monotonic()}
        return None
