"""How an answer ended, in a person's words, and what can be done about it."""

import dataclasses

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.models import Generation

Status = Generation.Status

REASONS: dict[str, Promise] = {
    "cancelled": _("Stopped by you"),
    "orphaned": _("Stopped because nobody was watching"),
    "length": _("Cut at the longest answer this model may give"),
    "budget": _("Stopped: today’s token budget is used up"),
    "time_limit": _("Stopped at the time limit"),
    "timeout": _("The model fell silent"),
    "connection_lost": _("The connection to the model was lost"),
    "shutdown": _("The server was restarted"),
    "content_blocked": _("Stopped by this site’s content rules"),
    "content_filter": _("Stopped by the provider’s content filter"),
}
STATUSES: dict[str, Promise] = {
    Status.CANCELLED: _("Stopped"),
    Status.INTERRUPTED: _("Interrupted"),
    Status.TRUNCATED: _("Cut short"),
    Status.FAILED: _("Something went wrong"),
}


@dataclasses.dataclass(frozen=True)
class Ending:
    """``words`` are empty when an answer ended by itself or has not ended."""

    words: str = ""
    failed: bool = False
    can_continue: bool = False
    can_retry: bool = False

    @classmethod
    def of(cls, generation: Generation | None) -> "Ending":
        if generation is None or generation.active or generation.status == Status.COMPLETED:
            return cls()
        # The provider's own filter and this site's rules end an answer for the same reason.
        reason = generation.error_code or generation.finish_reason
        words = generation.error_message or REASONS.get(reason) or STATUSES[generation.status]
        begun = bool(generation.message.text)
        filtered = generation.finish_reason == "content_filter"
        return cls(
            words=str(words),
            failed=generation.status == Status.FAILED,
            can_continue=begun and not filtered,
            can_retry=not begun or generation.status == Status.FAILED,
        )
