"""How a generation can end."""

from typing import Any

import msgspec

from chat.models import Generation
from chat.protocol import ErrorCode
from chat.providers import Finish, ProviderError

Status = Generation.Status


class End(msgspec.Struct, frozen=True):
    """A final state and its reason; the first one that a runner meets is the one that counts."""

    status: Generation.Status
    finish_reason: str
    error_code: ErrorCode | None = None
    error_message: str = ""
    retry_after_s: float | None = None

    def fields(self) -> dict[str, Any]:
        """As fields of the Generation."""
        return {
            "status": self.status.value,
            "finish_reason": self.finish_reason,
            "error_code": self.error_code or "",
            "error_message": self.error_message[:500].replace("\0", "\ufffd"),
            "retry_after_s": self.retry_after_s,
        }


CANCELLED = End(Status.CANCELLED, "cancelled")
ORPHANED = End(Status.CANCELLED, "orphaned")
OUT_OF_TIME = End(Status.TRUNCATED, "time_limit")
OUT_OF_LENGTH = End(Status.TRUNCATED, "length")
OUT_OF_BUDGET = End(Status.TRUNCATED, "budget")
SILENT = End(Status.INTERRUPTED, "timeout")
CONNECTION_LOST = End(Status.INTERRUPTED, "connection_lost")
CONTENT_BLOCKED = End(Status.TRUNCATED, "content_filter", "content_blocked")
SHUT_DOWN = End(Status.INTERRUPTED, "shutdown")


def finished(finish: Finish) -> End:
    """As the provider ended it."""
    status = Status.COMPLETED if finish.reason == "stop" else Status.TRUNCATED
    return End(status, finish.reason)


def failed(code: ErrorCode, sentence: str, retry_after_s: float | None = None) -> End:
    """With an error, in a person's words."""
    return End(Status.FAILED, "error", code, sentence, retry_after_s)


def broken(error: ProviderError) -> End:
    """By the provider's error."""
    if error.code == "interrupted":
        return CONNECTION_LOST
    return failed(error.code, error.message, error.retry_after_s)
