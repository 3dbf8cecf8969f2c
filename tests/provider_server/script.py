"""What a provider server is told to do with a request."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Ending = Literal["finish", "close", "cut", "reset", "silence", "garbage", "overload", "flood", "hang_up", "finish_open"]

WORDS = ("The", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "and", "**then**", "rests.", "\n\n")


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer. Times are in seconds, ``rate`` in tokens per second (0: as fast as the socket takes them).

    ``tokens``: the pieces of the answer, or how many to make up. ``ending`` happens after ``after`` tokens
    (None: after the last one):

    - ``finish``: the finish event, as it should be;
    - ``finish_open``: the finish event, but the HTTP response does not end;
    - ``close``: the HTTP response ends cleanly, without a finish event;
    - ``cut``: the connection is closed in the middle of the HTTP response;
    - ``reset``: the connection is reset (RST);
    - ``silence``: nothing more is sent until the client leaves;
    - ``garbage``: an event that is not JSON, then a clean end;
    - ``overload``: an error event inside the stream, then a clean end;
    - ``flood``: one line of 50 MB without a line break;
    - ``hang_up``: the connection is closed before any byte of a response.

    ``status`` other than 200 is an error answer with ``error_type`` and ``error_message`` as the provider
    would word it; ``retry_after`` and ``location`` are sent as those headers. ``refuse`` names request fields
    (or ``prefill``) that are answered 400. ``packet_bytes`` cuts the stream into packets of that size,
    ``packet_pause_s`` apart, wherever characters and lines may be. ``tokens_per_packet`` joins events into one
    write. ``usage`` replaces the counted one as it is; ``"missing"`` leaves it out. ``interject`` is sent word
    for word in front of the token with the index ``interject_at``. ``stamped``: each token's text is the time at
    which it was sent (see pacing.py), and none of them is recorded. ``marked``: the tokens are made up for each
    request anew (``17.0 17.1 …`` for the seventeenth), so that no two calls say the same.
    """

    tokens: tuple[str, ...] | int = 20
    marked: bool = False
    thinking: tuple[str, ...] = ()
    thinking_field: str = "reasoning_content"
    rate: float = 0
    header_delay_s: float = 0
    first_token_delay_s: float = 0
    tokens_per_packet: int = 1
    stamped: bool = False
    packet_bytes: int | None = None
    packet_pause_s: float = 0
    ending: Ending = "finish"
    after: int | None = None
    finish_reason: str | None = None
    ignore_max_tokens: bool = False
    usage: dict[str, Any] | Literal["counted", "missing"] = "counted"
    crlf: bool = False
    space: bool = True
    comments: bool = False
    multiline: bool = False
    interject: str = ""
    interject_at: int = 0
    content_type: str = "text/event-stream"
    keep_alive: bool = True
    status: int = 200
    retry_after: str | None = None
    location: str | None = None
    error_type: str = ""
    error_message: str = "scripted failure"
    refuse: tuple[str, ...] = ()

    @classmethod
    def from_model(cls, name: str) -> "Script | None":
        """The script a model name spells, as in ``tokens=2000,rate=50,ending=reset,after=9``; None for a plain name."""
        if "=" not in name:
            return None
        fields = dict(part.split("=", 1) for part in name.split(","))
        return msgspec.convert(fields, cls, strict=False)

    def for_call(self, number: int) -> "Script":
        """The script of the request with this number."""
        if not self.marked:
            return self
        count = self.tokens if isinstance(self.tokens, int) else len(self.tokens)
        return msgspec.structs.replace(self, tokens=tuple(f"{number}.{index} " for index in range(count)))

    @property
    def pieces(self) -> Sequence[str]:
        """The tokens of the whole answer."""
        if isinstance(self.tokens, int):
            return [WORDS[index % len(WORDS)] + " " for index in range(self.tokens)]
        return self.tokens

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)

    def pieces_after(self, prefix: str) -> Sequence[str]:
        """The tokens that follow ``prefix``; all of them when the answer does not begin with it."""
        if not prefix or not self.text.startswith(prefix):
            return self.pieces
        rest, left = list(self.pieces), len(prefix)
        while rest and left >= len(rest[0]):
            left -= len(rest.pop(0))
        return [rest[0][left:], *rest[1:]] if left else rest
