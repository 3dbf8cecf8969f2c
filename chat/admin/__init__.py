"""The chat's tables and pages in the admin site, one noun a file."""

from . import (
    content_rule,
    conversation_reading,
    insight,
    keeping,
    language_model,
    live,
    prompt_template,
    provider_connection,
    provider_limit,
    report,
    site_prompt,
)

__all__ = [
    "content_rule",
    "conversation_reading",
    "insight",
    "keeping",
    "language_model",
    "live",
    "prompt_template",
    "provider_connection",
    "provider_limit",
    "report",
    "site_prompt",
]
