"""One line per event on standard error; no prompts, cookies or keys, and nothing that could forge a line."""

import logging
import re
from typing import Any

# Whoever writes a line means well; a client that sends its key where a word belongs is quoted all the same.
SECRETS = re.compile(
    r"(?P<kept>parley_[0-9a-f]{4})[0-9a-f]{8}_[\w-]+"
    r"|(?P<scheme>\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}"
    r"|(?P<provider>\bsk-)[\w-]{6,}"
    r"|(?P<cookie>\b(?:__Host-)?(?:sessionid|csrftoken)=)[^;\s'\"]+"
    r"|(?P<link>/accounts/(?:setup|invitation|confirm-email|password/reset/key)/)[^\s/'\"]+",
    re.IGNORECASE,
)
# Where Django refused a request is where it always does; with tracebacks anybody could fill the disk.
REFUSALS, REQUESTS = "django.security.", "django.request"


class LineFormatter(logging.Formatter):
    """Escapes control characters, line breaks of tracebacks included: one event stays one line. Leaves out secrets."""

    def format(self, record: logging.LogRecord) -> str:
        refused = record.name == REQUESTS and record.levelno < logging.ERROR
        if refused or record.name.startswith(REFUSALS):
            record = logging.makeLogRecord(vars(record) | {"exc_info": None, "exc_text": None})
        line = SECRETS.sub(_beginning, super().format(record))
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _beginning(secret: re.Match[str]) -> str:
    """As much as says what kind it is."""
    return next(part for part in secret.groups() if part is not None) + "…"


def logging_config(level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": LineFormatter,
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers print tracebacks over many lines and mail admins: ours is enough.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            # Says each start and stop at INFO; ``serve`` prints its own line.
            "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
            # SDKs and transports may log requests with their bodies: never below WARNING.
            **{name: {"level": "WARNING"} for name in ("anthropic", "openai", "httpx2", "aiohttp", "websockets")},
        },
    }
