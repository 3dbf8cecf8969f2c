"""One line per event on standard error; no prompts, cookies or keys, and nothing that could forge a line."""

import logging
from typing import Any


class LineFormatter(logging.Formatter):
    """Escapes control characters, line breaks of tracebacks included: one event stays one line."""

    def format(self, record: logging.LogRecord) -> str:
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in super().format(record))


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
