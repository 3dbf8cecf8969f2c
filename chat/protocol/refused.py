"""A refusal, on its way up to the connection that asked."""

from uuid import UUID

from .server import Error, ErrorCode


class Refused(Exception):
    """A request that cannot be carried out; what the client is told, as it travels up to its connection."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
        field: str | None = None,
        request_id: UUID | None = None,
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.field = field
        self.request_id = request_id

    def frame(self, request_id: UUID | None = None) -> Error:
        """The frame that says it."""
        return Error(
            code=self.code,
            message=self.message,
            retryable=self.retryable,
            retry_after_s=self.retry_after_s,
            field=self.field,
            request_id=request_id or self.request_id,
        )
