"""Deleting an account, with everything that belongs to it."""

from typing import TYPE_CHECKING

from django.db import transaction

from .audit_entry import AuditEntry

if TYPE_CHECKING:
    from .user import User


class LastAdmin(Exception):
    """Nobody would be left who can administer the site."""


@transaction.atomic
def delete_account(user: "User") -> None:
    """Delete the person and all that is theirs. Raises LastAdmin."""
    # Locked, so that two admins who go at the same moment do not each rely on the other.
    admins = list(user.__class__.objects.admins().select_for_update())
    if [admin.pk for admin in admins] == [user.pk]:
        raise LastAdmin
    AuditEntry.objects.record(user, "account.deleted", user)
    user.__class__.objects.get(pk=user.pk).delete()
