"""How much a request may bring along: more is refused before any of it is stored."""

import asyncio
import json
from typing import Any

from .gate import App
from .headers import BARE

MIB = 1024 * 1024
MAX_BODY_BYTES = 51 * MIB  # an import's file, and the rest of its form
MAX_FORM_BYTES = 2 * MIB  # most else: a prompt of the greatest length in JSON fits
MAX_SIGN_IN_BYTES = MIB // 4  # of who may be anybody: what a directory says of somebody in many groups fits
LARGE = ("/settings/data/imports/",)  # where files go
FOR_ANYBODY = ("/accounts/",)
PENALTY_S = 1.0  # in which nothing more is read; else whoever sends gigabytes could begin anew at once
SENTENCE = "This is too large."


class TooLarge(Exception):
    """The body went on beyond the limit."""


def most(path: str) -> int:
    """The bytes that a body may have at an address."""
    if path.startswith(FOR_ANYBODY):
        return MAX_SIGN_IN_BYTES
    return MAX_BODY_BYTES if path.startswith(LARGE) else MAX_FORM_BYTES


def limited(app: App) -> App:
    """413 at once when the length says so; a body without a length is cut off at the limit."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        length = dict(scope["headers"]).get(b"content-length", b"0")
        limit = most(scope["path"])
        if length.isdigit() and (len(length) > 18 or int(length) > limit):
            await _refuse(scope, send)
            return
        read = 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise TooLarge
            return message

        try:
            await app(scope, counted, send)
        except TooLarge:
            await asyncio.sleep(PENALTY_S)
            await _refuse(scope, send)

    return gate


async def _refuse(scope: Any, send: Any) -> None:
    """The connection is closed: what is still on its way will not be read."""
    kind, body = _words(scope["path"])
    headers = [(name.lower().encode(), value.encode()) for name, value in BARE.items()]
    headers += [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _words(path: str) -> tuple[bytes, bytes]:
    """The sentence, for scripts as an error of the protocol."""
    if not path.startswith("/api/"):
        return b"text/plain; charset=utf-8", SENTENCE.encode()
    error = {"type": "ai:error", "code": "too_large", "message": SENTENCE, "retryable": False}
    return b"application/json", json.dumps(error).encode()
