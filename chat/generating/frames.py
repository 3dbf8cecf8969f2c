"""What the database knows of a generation, as frames of the protocol."""

from accounts import budgets
from accounts.models import User
from chat import protocol
from chat.models import Generation

RETRYABLE_CODES = frozenset(
    {"upstream_rate_limited", "upstream_overloaded", "upstream_failed", "timeout", "interrupted", "internal"}
)


def start_frame(generation: Generation, epoch: int) -> protocol.Start:
    """The first event; needs ``message`` and ``continues`` loaded."""
    message = generation.message
    assert message.parent_id  # an answer always has one
    return protocol.Start(
        request_id=generation.request_id,
        after=0,
        seq=1,
        epoch=epoch,
        conversation_id=message.conversation_id,
        message_id=message.pk,
        parent_id=message.parent_id,
        model=generation.model,
        continues=generation.continues.request_id if generation.continues else None,
    )


def queued_frame(generation: Generation, position: int) -> protocol.Queued:
    """Where in the queue it stands."""
    message = generation.message
    assert message.parent_id
    return protocol.Queued(
        request_id=generation.request_id,
        position=position,
        conversation_id=message.conversation_id,
        message_id=message.pk,
        parent_id=message.parent_id,
    )


def end_frame(generation: Generation, after: int, budget: protocol.Budget) -> protocol.Done | protocol.Error:
    """The last event, after ``after`` others."""
    if generation.status == Generation.Status.FAILED:
        return protocol.Error(
            request_id=generation.request_id,
            after=after,
            seq=after + 1,
            code=generation.error_code,  # type: ignore[arg-type]
            message=generation.error_message,
            retryable=generation.error_code in RETRYABLE_CODES,
            retry_after_s=generation.retry_after_s,
        )
    return protocol.Done(
        request_id=generation.request_id,
        after=after,
        seq=after + 1,
        status=generation.status,
        finish_reason=generation.finish_reason,
        usage=protocol.Usage(
            generation.input_tokens, generation.output_tokens, generation.cached_input_tokens, generation.estimated
        ),
        timing=_timing(generation),
        budget=budget,
    )


def _timing(generation: Generation) -> protocol.Timing:
    """Times since the request was stored, in milliseconds."""
    first, begun, ended = generation.first_token_at, generation.created_at, generation.finished_at
    return protocol.Timing(
        time_to_first_token_ms=round((first - begun).total_seconds() * 1000) if first else None,
        duration_ms=round((ended - begun).total_seconds() * 1000) if ended else 0,
    )


def budget_now(user: User) -> protocol.Budget:
    """The person's budget at this moment. Blocking: two queries."""
    return protocol.Budget(**budgets.status(user).as_frame())
