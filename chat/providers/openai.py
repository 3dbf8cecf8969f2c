"""OpenAI's chat completions, and every server that speaks them: vLLM, Ollama, TGI, LiteLLM and others."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
import openai

from . import Delta, Finish, OfferedModel, Prompt, Usage
from .calling import Call, HttpProvider, http_client
from .parsing import NOTHING, StreamParser, counts, nonsense, tokens
from .refusals import Refusal
from .seam import Seam, instructed

OPENAI_URL = "https://api.openai.com/v1"
HOSTED = ("api.openai.com", ".openai.azure.com")  # OpenAI's own models, in any region
NO_KEY = "none"
MODERATED_CHARS = 10_000  # of one text; a longer one is sent as several

# How servers word that they do not know a parameter, or take no assistant text at the end.
UNKNOWN = ("support", "unknown", "unrecognized", "permitted", "unexpected", "not allowed")
NO_PREFILL = ("prefill", "last message", "last role", "must end")

FINISH_REASONS = {
    "length": Finish("length"),
    "max_tokens": Finish("length"),
    "content_filter": Finish("content_filter"),
}


class Part(msgspec.Struct):
    """A piece of content from servers that send lists of parts instead of text."""

    type: str = ""
    text: str | None = None


class ChoiceDelta(msgspec.Struct):
    content: str | list[Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None  # DeepSeek, vLLM
    reasoning: str | None = None  # OpenRouter, Ollama, newer vLLM


class Choice(msgspec.Struct):
    delta: ChoiceDelta | None = None
    finish_reason: str | None = None
    index: int = 0


class Chunk(msgspec.Struct):
    """The fields of a ``chat.completion.chunk`` that mean something here; the decoder skips all others."""

    choices: list[Choice] | None = None
    usage: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING


class ModerationResult(msgspec.Struct):
    flagged: bool
    categories: dict[str, bool | None] = {}

    @property
    def names(self) -> list[str]:
        """Never empty when it is flagged, whatever the server calls it."""
        named = [name.lower() for name, applies in self.categories.items() if applies]
        return named or (["flagged"] if self.flagged else [])


class Moderation(msgspec.Struct):
    """What a moderations endpoint answers: a result for each text."""

    results: list[ModerationResult]


decode_chunk = msgspec.json.Decoder(Chunk).decode


class OpenAIParser(StreamParser):
    """https://platform.openai.com/docs/api-reference/chat-streaming; the usage comes in a chunk of its own, last."""

    def __init__(self, seam: Seam, model: str) -> None:
        super().__init__(seam)
        self._model = model

    def _read(self, event: bytes, deltas: list[Delta]) -> None:
        if event == b"[DONE]":
            self._close(deltas)
            return
        chunk = decode_chunk(event)
        if chunk.choices:
            self._read_choice(chunk.choices[0], deltas)
        if chunk.usage and chunk.usage != b"null":
            self._read_usage(counts(chunk.usage), deltas)
        if chunk.error and chunk.error != b"null":
            raise Refusal.of_event(msgspec.json.decode(chunk.error)).error(self._model)

    def _read_choice(self, choice: Choice, deltas: list[Delta]) -> None:
        delta = choice.delta
        if delta is not None:
            if content := delta.content:
                self._say(content if isinstance(content, str) else _plain(content), deltas)
            elif delta.refusal:
                self._say(delta.refusal, deltas)
            elif thought := delta.reasoning_content or delta.reasoning:
                self._think(thought, deltas)
        if choice.finish_reason:
            self.finish = FINISH_REASONS.get(choice.finish_reason, Finish("stop"))

    def _read_usage(self, fields: dict[str, Any], deltas: list[Delta]) -> None:
        details = fields.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        read, wrote = tokens(fields.get("prompt_tokens")), tokens(fields.get("completion_tokens"))
        self._count(Usage(read, wrote, tokens(cached)), deltas)


class OpenAIProvider(HttpProvider):
    """One server. What it refuses to understand is left out or worded otherwise, and remembered for each model."""

    sdk = openai

    def __init__(self, *, api_key: str = "", base_url: str = "") -> None:
        base_url = base_url or OPENAI_URL
        self._is_hosted = (urlsplit(base_url).hostname or "").endswith(HOSTED)
        self._is_vllm = False
        self._client = openai.AsyncOpenAI(
            api_key=api_key or NO_KEY,
            base_url=base_url,
            http_client=http_client(base_url, unsigned=not api_key),
            max_retries=0,
        )
        super().__init__()

    def _call(self, prompt: Prompt) -> Call:
        learned = self._learned[prompt.model]
        turns, seam, body = prompt.turns, Seam(), dict[str, Any]()
        if prompt.turns[-1].role == "assistant":
            if self._is_hosted or "instruct" in learned:
                turns, seam = instructed(turns), Seam.after(turns[-1].text)
            elif self._is_vllm:
                body |= {"continue_final_message": True, "add_generation_prompt": False}
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        if prompt.system:
            messages.insert(0, {"role": "system", "content": prompt.system})
        body |= {"model": prompt.model, "messages": messages, "stream": True}
        body[self._limit_name(prompt.model)] = prompt.max_output_tokens
        if "stream_options" not in learned:
            body["stream_options"] = {"include_usage": True}
        if prompt.temperature is not None and "temperature" not in learned:
            body["temperature"] = prompt.temperature
        return Call("/chat/completions", body, OpenAIParser(seam, prompt.model))

    def _limit_name(self, model: str) -> str:
        """OpenAI's newer models know only the new name, most other servers only the old one."""
        new = self._is_hosted != ("limit" in self._learned[model])
        return "max_completion_tokens" if new else "max_tokens"

    def _lesson(self, call: Call, refusal: Refusal) -> str | None:
        if refusal.mentions("stream_options", "include_usage"):
            return "stream_options"
        limit = "max_tokens" if "max_tokens" in call.body else "max_completion_tokens"
        if refusal.mentions(limit) and refusal.mentions(*UNKNOWN):
            return "limit"
        if "temperature" in call.body and refusal.mentions("temperature"):
            return "temperature"
        if call.is_continuation and refusal.mentions(*NO_PREFILL):
            return "instruct"
        return None

    async def offered_models(self) -> list[OfferedModel]:
        rows = await self._model_rows("/models")
        self._is_vllm = any(row.get("owned_by") == "vllm" for row in rows)
        rows.sort(key=lambda row: tokens(row.get("created")) or 0, reverse=True)  # the newest first
        return [model for row in rows if (model := self._offered(row))]

    async def flagged(self, text: str, model: str, timeout_s: float) -> frozenset[str]:
        """The categories of the provider's moderation that the text falls under, in lower case. Raises ProviderError.

        https://platform.openai.com/docs/api-reference/moderations
        """
        pieces = [text[start : start + MODERATED_CHARS] for start in range(0, len(text), MODERATED_CHARS)]
        body: dict[str, Any] = {"input": pieces if len(pieces) > 1 else text}
        if model:
            body["model"] = model
        answer = await self._plain_answer(self._client.post, "/moderations", timeout_s, body=body)
        try:
            results = msgspec.convert(answer, Moderation).results
        except msgspec.ValidationError as error:
            raise nonsense(str(error)) from error
        if len(results) != len(pieces):
            raise nonsense(f"{len(results)} results for {len(pieces)} texts")
        return frozenset(name for result in results for name in result.names)


def _plain(content: Sequence[Part]) -> str:
    return "".join(part.text or "" for part in content if part.type == "text")
