"""How much a request may bring along: more is refused before any of it is stored."""

from typing import Any

from .gate import App

MAX_BODY_BYTES = 51 * 1024 * 1024  # an import's file, and the rest of its form


class TooLarge(Exception):
    """The body went on beyond the limit."""


def limited(app: App) -> App:
    """413 at once when the length says so; a body without a length is cut off at the limit."""

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            await _refuse(send)
            return
        read = 0

        async def counted() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                raise TooLarge
            return message

        try:
            await app(scope, counted, send)
        except TooLarge:
            await _refuse(send)

    return gate


async def _refuse(send: Any) -> None:
    """The connection is closed: what is still on its way will not be read."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"This is too large."})
