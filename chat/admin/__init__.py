"""The chat's tables and pages in the admin site, one noun a file."""

from . import (
    content_rule,
    language_model,
    live,
    provider_connection,
    provider_limit,
    report,
)

__all__ = [
    "content_rule",
    "language_model",
    "live",
    "provider_connection",
    "provider_limit",
    "report",
]
