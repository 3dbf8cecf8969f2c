"""What an organisation's directory says of a person who signs in through it: the groups they are in, and the staff."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from .models import User


def claims_of(extra_data: dict[str, Any]) -> dict[str, Any]:
    """What OpenID Connect told; the answer of ``userinfo`` wins over the token."""
    token, userinfo = extra_data.get("id_token"), extra_data.get("userinfo")
    return (token if isinstance(token, dict) else {}) | (userinfo if isinstance(userinfo, dict) else {})


@transaction.atomic
def follow(user: User, extra_data: dict[str, Any]) -> None:
    """Put the person into those of the directory's groups that there are here, and out of all others.

    Nothing changes when no claim is set up or when it is missing. Nobody becomes an admin with every right by it.
    """
    named = _names(claims_of(extra_data).get(settings.OIDC_GROUPS_CLAIM)) if settings.OIDC_GROUPS_CLAIM else None
    if named is None:
        return
    user.groups.set(Group.objects.filter(name__in=named))
    staff = settings.OIDC_STAFF_GROUP in named
    if settings.OIDC_STAFF_GROUP and user.is_staff != staff and not user.is_superuser:
        user.is_staff = staff
        user.save(update_fields=["is_staff"])


def _names(claim: Any) -> list[str] | None:
    """A list of names, or one alone; None for anything else."""
    if isinstance(claim, str):
        return [claim]
    if isinstance(claim, list):
        return [name for name in claim if isinstance(name, str)]
    return None
