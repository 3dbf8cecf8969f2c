"""People and what they may spend, in the admin site, one noun a file."""

from . import (
    announcement,
    audit_entry,
    budget,
    budget_request,
    group,
    invitation,
    reservation,
    user,
)

__all__ = [
    "announcement",
    "audit_entry",
    "budget",
    "budget_request",
    "group",
    "invitation",
    "reservation",
    "user",
]
