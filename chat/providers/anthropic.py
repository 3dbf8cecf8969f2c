"""Anthropic's Messages."""

from typing import Any

import anthropic
import msgspec

from . import Delta, Finish, OfferedModel, Prompt, Turn, Usage
from .calling import Call, HttpProvider, http_client
from .parsing import NOTHING, StreamParser, counts, tokens
from .refusals import Refusal
from .seam import Seam, instructed, stripped

ANTHROPIC_URL = "https://api.anthropic.com"
NO_KEY = "none"
CACHED = {"cache_control": {"type": "ephemeral"}}

FINISH_REASONS = {
    "max_tokens": Finish("length"),
    "model_context_window_exceeded": Finish("length"),
    "refusal": Finish("content_filter"),
}
INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class BlockDelta(msgspec.Struct):
    text: str | None = None
    thinking: str | None = None
    stop_reason: str | None = None


class Message(msgspec.Struct):
    usage: msgspec.Raw = NOTHING


class Event(msgspec.Struct):
    """The fields of all event types that mean something here; the decoder skips all others."""

    type: str = ""
    delta: BlockDelta | None = None
    content_block: BlockDelta | None = None
    message: Message | None = None
    usage: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING


decode_event = msgspec.json.Decoder(Event).decode


class AnthropicParser(StreamParser):
    """https://docs.anthropic.com/en/api/messages-streaming; event types that are not known are ignored, as it asks."""

    def __init__(self, seam: Seam, model: str) -> None:
        super().__init__(seam)
        self._model = model
        self._counts: dict[str, Any] = {}

    def _read(self, event: bytes, deltas: list[Delta]) -> None:
        read = decode_event(event)
        kind = read.type
        if kind == "content_block_delta" or kind == "content_block_start":
            self._read_block(read.delta or read.content_block, deltas)
        elif kind == "message_delta":
            if read.delta and read.delta.stop_reason:
                self.finish = FINISH_REASONS.get(read.delta.stop_reason, Finish("stop"))
            self._read_usage(counts(read.usage), deltas)
        elif kind == "message_start" and read.message:
            # Its output_tokens is a beginning, not a count: only input counts are taken.
            started = counts(read.message.usage)
            self._read_usage({name: started.get(name) for name in INPUT_COUNTS}, deltas)
        elif kind == "message_stop":
            self._close(deltas)
        elif kind == "error" or (not kind and read.error):
            raise Refusal.of_event(msgspec.json.decode(event)).error(self._model)

    def _read_block(self, block: BlockDelta | None, deltas: list[Delta]) -> None:
        if block is None:
            return
        if block.text:
            self._say(block.text, deltas)
        elif block.thinking:
            self._think(block.thinking, deltas)

    def _read_usage(self, fields: dict[str, Any], deltas: list[Delta]) -> None:
        """The counts add up over the events, and the input comes in three parts."""
        self._counts |= {name: count for name, value in fields.items() if (count := tokens(value)) is not None}
        parts = [self._counts[name] for name in INPUT_COUNTS if name in self._counts]
        read = tokens(sum(parts)) if "input_tokens" in self._counts else None
        cached = self._counts.get("cache_read_input_tokens")
        self._count(Usage(read, self._counts.get("output_tokens"), cached), deltas)


class AnthropicProvider(HttpProvider):
    """Anthropic, or a server that speaks its Messages. A continuation is a prefill where the model takes one."""

    sdk = anthropic

    def __init__(self, *, api_key: str = "", base_url: str = "") -> None:
        base_url = (base_url or ANTHROPIC_URL).removesuffix("/v1")  # the paths below have it
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key or NO_KEY,
            base_url=base_url,
            http_client=http_client(base_url, unsigned=not api_key),
            max_retries=0,
            open_telemetry=False,
        )
        super().__init__()

    def _call(self, prompt: Prompt) -> Call:
        learned = self._learned[prompt.model]
        turns, seam = prompt.turns, Seam()
        if turns[-1].role == "assistant":
            seam = Seam.after(turns[-1].text)
            turns = instructed(turns) if "instruct" in learned else stripped(turns)
        # A text of white space alone is refused wherever it stands.
        messages = [self._message(turn, index, prompt) for index, turn in enumerate(turns) if turn.text.strip()]
        body: dict[str, Any] = {"model": prompt.model, "messages": messages, "stream": True}
        body["max_tokens"] = prompt.max_output_tokens
        if prompt.system:
            body["system"] = [{"type": "text", "text": prompt.system, **CACHED}]
        if prompt.temperature is not None and "temperature" not in learned:
            body["temperature"] = prompt.temperature
        return Call("/v1/messages", body, AnthropicParser(seam, prompt.model))

    @staticmethod
    def _message(turn: Turn, index: int, prompt: Prompt) -> dict[str, Any]:
        if index != prompt.stable_turns - 1:
            return {"role": turn.role, "content": turn.text}
        return {"role": turn.role, "content": [{"type": "text", "text": turn.text, **CACHED}]}

    def _lesson(self, call: Call, refusal: Refusal) -> str | None:
        if call.is_continuation and refusal.mentions("prefill", "must end with a user", "final assistant"):
            return "instruct"
        if "temperature" in call.body and refusal.mentions("temperature"):
            return "temperature"
        return None

    async def offered_models(self) -> list[OfferedModel]:
        rows = await self._model_rows("/v1/models?limit=1000")
        return [model for row in rows if (model := self._offered(row))]
