"""The chat's tables and pages in the admin site, one noun a file."""

from . import language_model, provider_connection, provider_limit

__all__ = ["language_model", "provider_connection", "provider_limit"]
