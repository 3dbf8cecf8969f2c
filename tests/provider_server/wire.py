"""The two wire formats as a provider speaks them: server-sent events, errors and lists of models."""

from typing import Any, Protocol

import msgspec

from .recording import Recording
from .script import Script

ERROR_TYPES = {
    400: ("invalid_request_error", "invalid_request_error"),
    401: ("invalid_request_error", "authentication_error"),
    402: ("insufficient_quota", "billing_error"),
    403: ("invalid_request_error", "permission_error"),
    404: ("invalid_request_error", "not_found_error"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("requests", "rate_limit_error"),
    500: ("server_error", "api_error"),
    503: ("server_error", "overloaded_error"),
    529: ("server_error", "overloaded_error"),
}

# Ready but for the text: a benchmark wants tokens faster than anything can read them.
OPENAI_TOKEN = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"scripted",'
    b'"choices":[{"index":0,"delta":{"content":%b},"logprobs":null,"finish_reason":null}]}\n\n'
)
ANTHROPIC_TOKEN = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%b}}\n\n'
)

encode = msgspec.json.Encoder().encode


class Wire(Protocol):
    """One wire format. Each method gives ready server-sent events, still without the script's line endings."""

    def opening(self, recording: Recording) -> bytes: ...
    def thinking(self, text: str, field: str) -> bytes: ...
    def token(self, text: str) -> bytes: ...
    def finish(self, recording: Recording, reason: str | None, usage: dict[str, Any] | None) -> bytes: ...
    def overload(self) -> bytes: ...
    def error(self, status: int, script: Script, parameter: str = "") -> bytes: ...


class OpenAIWire:
    """Chat completions; https://platform.openai.com/docs/api-reference/chat-streaming."""

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        return b"data: " + encode({**head, "choices": choices, **more}) + b"\n\n"

    def _delta(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}])

    def opening(self, recording: Recording) -> bytes:
        return self._delta({"role": "assistant", "content": ""})

    def thinking(self, text: str, field: str) -> bytes:
        return self._delta({field: text})

    def token(self, text: str) -> bytes:
        return OPENAI_TOKEN % encode(text)

    def finish(self, recording: Recording, reason: str | None, usage: dict[str, Any] | None) -> bytes:
        events = self._delta({}, reason or "stop")
        wanted = (recording.body.get("stream_options") or {}).get("include_usage")
        if usage is not None and wanted:
            events += self._chunk([], usage=usage)
        return events + b"data: [DONE]\n\n"

    def overload(self) -> bytes:
        return b"data: " + encode({"error": {"message": "overloaded", "type": "server_error", "code": 503}}) + b"\n\n"

    def error(self, status: int, script: Script, parameter: str = "") -> bytes:
        kind = script.error_type or ERROR_TYPES.get(status, ("server_error", ""))[0]
        if parameter:
            code, message = "unsupported_parameter", f"Unsupported parameter: '{parameter}' is not supported."
        else:
            code, message = kind, script.error_message
        return encode({"error": {"message": message, "type": kind, "param": parameter or None, "code": code}})


class AnthropicWire:
    """Messages; https://docs.anthropic.com/en/api/messages-streaming."""

    def _event(self, kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\ndata: ".encode() + encode({"type": kind, **fields}) + b"\n\n"

    def opening(self, recording: Recording) -> bytes:
        usage = {"input_tokens": 0, "output_tokens": 1}
        if recording.script.usage == "counted":
            usage = {"input_tokens": words_read(recording), "output_tokens": 1}
        elif isinstance(recording.script.usage, dict):
            usage = recording.script.usage
        message: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "scripted",
            "content": [],
        }
        if recording.script.usage != "missing":
            message["usage"] = usage
        start = self._event("message_start", message=message)
        block = {"type": "thinking", "thinking": ""} if recording.script.thinking else {"type": "text", "text": ""}
        return start + self._event("content_block_start", index=0, content_block=block)

    def thinking(self, text: str, field: str) -> bytes:
        return self._event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": text})

    def token(self, text: str) -> bytes:
        return ANTHROPIC_TOKEN % encode(text)

    def finish(self, recording: Recording, reason: str | None, usage: dict[str, Any] | None) -> bytes:
        reason = {None: "end_turn", "length": "max_tokens"}.get(reason, reason)
        fields: dict[str, Any] = {"delta": {"stop_reason": reason, "stop_sequence": None}}
        if usage is not None:
            fields["usage"] = usage
        stop = self._event("content_block_stop", index=0)
        return stop + self._event("message_delta", **fields) + self._event("message_stop")

    def overload(self) -> bytes:
        return self._event("error", error={"type": "overloaded_error", "message": "Overloaded"})

    def error(self, status: int, script: Script, parameter: str = "") -> bytes:
        kind = script.error_type or ERROR_TYPES.get(status, ("", "api_error"))[1]
        message = script.error_message
        if parameter == "prefill":
            message = "This model does not support assistant message prefill."
            message += " The conversation must end with a user message."
        elif parameter:
            message = f"{parameter}: Extra inputs are not permitted"
        return encode({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})


def words_read(recording: Recording) -> int:
    """How many tokens a request holds, by the rule that a word is one."""
    messages = recording.body.get("messages", []) if isinstance(recording.body, dict) else []
    return len(str([message.get("content") for message in messages]).split())


def models_page(names: list[str], *, anthropic: bool) -> bytes:
    """The answer of ``/v1/models``."""
    if anthropic:
        page = [{"type": "model", "id": name, "display_name": name.title()} for name in names]
        return encode({"data": page, "has_more": False, "first_id": None, "last_id": None})
    rows: list[dict[str, Any]] = [{"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in names]
    return encode({"object": "list", "data": rows})
