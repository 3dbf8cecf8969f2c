"""The frames of a WebSocket: as the library parses them, and as they are written without it."""

from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Protocol
from websockets.server import ServerProtocol
from websockets.typing import StatusLike

from .headers import BARE

A_FLOOD = "a flood"  # why somebody was shown out, for who counts that, where the code does not say it


class Conversation(Protocol):
    """The library takes a goodbye between the pieces of a message for an error; RFC 6455 (5.4) allows it."""

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Handshake(Conversation, ServerProtocol):
    """How it begins, or does not."""

    def reject(self, status: StatusLike, text: str) -> Response:
        """Whoever gives the refusal, the library or an application: no page wraps it."""
        response = super().reject(status, text)
        response.headers.update(BARE)
        return response


def header(size: int) -> bytes:
    """In front of a whole text message as a server sends it: final, not masked (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def is_text(fragments: list[bytes]) -> bool:
    try:
        b"".join(fragments).decode()
    except UnicodeDecodeError:
        return False
    return True
