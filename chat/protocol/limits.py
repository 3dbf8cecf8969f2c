"""What both sides of the wire agree on: the version, sizes and close codes."""

VERSION = 1
HEARTBEAT_S = 30
MAX_FRAME_BYTES = 1024 * 1024
MAX_PROMPT_CHARS = 256 * 1024
MAX_BAD_FRAMES = 20


class CloseCode:
    """WebSocket close codes of our own."""

    BAD_FRAMES = 4400
    SIGNED_OUT = 4401
    ACCESS_ENDED = 4403
    TOO_SLOW = 4408
    FLOODING = 4429
