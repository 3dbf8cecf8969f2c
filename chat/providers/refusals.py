"""What a provider answers instead of an answer, told as the protocol's codes and sentences for a person."""

import email.utils
import math
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from . import ProviderError

MAX_RETRY_AFTER_S = 600.0
MAX_DETAIL_LENGTH = 500

SECRET = re.compile(r"(?i)\bbearer\s+\S+|\b(?:sk|pk|key|api|token)[-_][\w*.-]{6,}|[\w+/=*-]{24,}")
TOO_LONG = re.compile(
    r"context.{0,20}(length|window|limit|size)|prompt is too long|(too many|maximum).{0,30}input tokens"
    r"|request_too_large|input is too long|reduce the length"
)
BILLING = re.compile(r"insufficient_quota|billing|credit balance|exceeded your current quota|insufficient balance")
BLOCKED = re.compile(r"content_policy|content_filter|content management policy|safety_violation")

# The kinds of errors that come as an event inside a stream, where there is no status.
STATUS_OF_KIND = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 529,
    "server_is_overloaded": 529,
    "timeout_error": 504,
}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One error of a provider. ``words`` are all it said, in lower case; never for a person's eyes."""

    status: int
    words: str = ""
    parameter: str = ""
    retry_after_s: float | None = None

    @classmethod
    def of_response(cls, status: int, headers: Mapping[str, str], body: object) -> "Refusal":
        """From an error response; ``body`` as decoded from JSON, or text."""
        fields = _error_fields(body)
        return cls(
            status=status,
            words=_words(fields),
            parameter=_text(fields.get("param")),
            retry_after_s=retry_after(headers),
        )

    @classmethod
    def of_event(cls, body: object) -> "Refusal":
        """From an error event inside a stream that began well."""
        fields = _error_fields(body)
        kinds = [_text(fields.get(name)) for name in ("code", "type", "status")]
        status = next((int(kind) for kind in kinds if re.fullmatch(r"[45]\d\d", kind)), None)
        status = status or next((STATUS_OF_KIND[kind] for kind in kinds if kind in STATUS_OF_KIND), 500)
        return cls(status=status, words=_words(fields))

    @property
    def is_too_long(self) -> bool:
        return self.status == 413 or (self.status in (400, 422) and bool(TOO_LONG.search(self.words)))

    def mentions(self, *names: str) -> bool:
        """Whether the provider named one of these in its refusal of the request."""
        return self.status in (400, 422) and any(name == self.parameter or name in self.words for name in names)

    def error(self, model: str) -> ProviderError:
        """The typed error, for a call of this model (or of an address, by that name)."""
        code, sentence, retryable = self._verdict(model)
        return ProviderError(
            code,  # type: ignore[arg-type]
            sentence,
            retryable=retryable,
            retry_after_s=self.retry_after_s if retryable else None,
            detail=scrubbed(f"{self.status} {self.words}"),
        )

    def _verdict(self, model: str) -> tuple[str, str, bool]:
        """Code, sentence, and whether the same call may work later."""
        status = self.status
        if status == 402 or BILLING.search(self.words):
            return (
                "upstream_auth",
                _("The provider's account has no credit left; an admin has to look at billing."),
                False,
            )
        if status in (401, 403):
            return "upstream_auth", _("The provider did not accept this site's key; an admin has to look at it."), False
        if self.is_too_long:
            return "context_too_long", _("This conversation is too long for %s.") % model, False
        if status == 404:
            return "model_unavailable", _("The provider does not know %s.") % model, False
        if status < 500 and BLOCKED.search(self.words):
            return "content_blocked", _("The provider's content rules do not allow this request."), False
        if status == 429:
            return "upstream_rate_limited", _("The provider asks to slow down; try again in a moment."), True
        if status in (503, 529):
            return "upstream_overloaded", _("%s is overloaded at the moment; try again soon.") % model, True
        if 300 <= status < 400:
            return (
                "upstream_failed",
                _("The provider's address redirects elsewhere; an admin has to correct it."),
                False,
            )
        passing = status >= 500 or status in (408, 409, 425)
        failed = _("The provider could not answer.") if passing else _("The provider did not understand the request.")
        return "upstream_failed", failed, passing


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the provider asked, 0 to 600; None when it did not, or not readably."""
    milliseconds, value = headers.get("retry-after-ms"), headers.get("retry-after")
    if milliseconds is not None and (wait := _seconds(milliseconds)) is not None:
        return _bounded(wait / 1000)
    if value is None:
        return None
    if (wait := _seconds(value)) is not None:
        return _bounded(wait)
    try:
        return _bounded(email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def scrubbed(words: str) -> str:
    """One line for the log: without anything that looks like a key, without control characters, not long."""
    line = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return SECRET.sub("[…]", line)[:MAX_DETAIL_LENGTH]


def _seconds(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _error_fields(body: object) -> Mapping[str, Any]:
    """The error object of a body: ``{"error": {…}}``, ``{"error": "text"}``, the object itself, or only text."""
    if isinstance(body, dict):
        inner = body.get("error", body)
        return inner if isinstance(inner, dict) else {"message": inner}
    return {"message": body}


def _words(fields: Mapping[str, Any]) -> str:
    return " ".join(_text(fields.get(name)) for name in ("type", "code", "message", "detail")).strip().lower()[:5000]


def _text(value: object) -> str:
    return "" if value is None else str(value)
