"""People and what they may spend, in the admin site, one noun a file."""

from . import budget, budget_request, group, user

__all__ = ["budget", "budget_request", "group", "user"]
