"""The second factor: who must have one, and who has not set one up yet."""

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

if TYPE_CHECKING:
    from .user import User

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
GROUP = "group:"


def must_have_one(user: "User") -> bool:
    """Because an admin asks it of this person, or ``REQUIRE_SECOND_FACTOR`` of everyone, the staff, or a group.

    Costs a query only where the setting names groups.
    """
    required = settings.REQUIRE_SECOND_FACTOR
    if user.second_factor_required or "everyone" in required or ("staff" in required and user.is_staff):
        return True
    groups = _groups()
    return bool(groups) and user.groups.filter(name__in=groups).exists()


def has_one(user: "User") -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=KINDS).exists())


def lacks_one(user: "User") -> bool:
    """Whether there is nothing here for this person until they have set one up."""
    return must_have_one(user) and not has_one(user)


def without_one(users: "QuerySet[User]") -> "QuerySet[User]":
    """Those among them who must have one and have none."""
    asked = Q(second_factor_required=True) | Q(groups__name__in=_groups())
    if "everyone" in settings.REQUIRE_SECOND_FACTOR:
        asked = Q()
    elif "staff" in settings.REQUIRE_SECOND_FACTOR:
        asked |= Q(is_staff=True)
    owned = Authenticator.objects.filter(user=OuterRef("pk"), type__in=KINDS)
    return users.filter(asked).exclude(Exists(owned)).distinct()


def _groups() -> list[str]:
    return [name.removeprefix(GROUP) for name in settings.REQUIRE_SECOND_FACTOR if name.startswith(GROUP)]
