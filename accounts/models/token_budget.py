"""How many tokens a day people may spend: limits for the site, for a group, for one user."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .user import User


# By hand, because composing this query would take Django longer than all else that a reservation does.
LIMITS = """
    SELECT CASE WHEN user_id IS NOT NULL THEN 0 WHEN group_id IS NOT NULL THEN 1 ELSE 2 END, "limit"
    FROM accounts_tokenbudget
    WHERE user_id = %s OR for_site
       OR group_id IN (SELECT group_id FROM accounts_user_groups WHERE user_id = %s)
"""


class TokenBudgetQuerySet(models.QuerySet["TokenBudget"]):
    def limit_for(self, user: "User") -> int | None:
        """Tokens a day; None: no limit. One query.

        A user's own limit wins, else the highest of their groups, else the site's, else the setting's.
        """
        key = user._meta.pk.get_db_prep_value(user.pk, connection)  # noqa: SLF001 (public, for all its name)
        with connection.cursor() as cursor:
            cursor.execute(LIMITS, [key, key])
            limits: list[tuple[int, int | None]] = cursor.fetchall()
        if not limits:
            return settings.DAILY_TOKEN_BUDGET
        nearest = min(rank for rank, _limit in limits)
        return max((limit for rank, limit in limits if rank == nearest), key=_or_infinite)

    def limits_for(self, users: "Iterable[User]") -> dict[UUID, tuple[int | None, str]]:
        """As ``limit_for``, of many at once, each with whose limit it is (empty: the setting's). One query."""
        keys = [user.pk for user in users]
        rows = self.filter(Q(user__in=keys) | Q(for_site=True) | Q(group__user__in=keys)).values_list(
            "user_id", "group__user", "group__name", "limit"
        )
        site: tuple[int | None, str] = (settings.DAILY_TOKEN_BUDGET, "")
        own: dict[UUID, tuple[int | None, str]] = {}
        of_groups: dict[UUID, list[tuple[int | None, str]]] = defaultdict(list)
        for user, member, group, limit in rows:
            if user:
                own[user] = (limit, str(_("own")))
            elif member:
                of_groups[member].append((limit, group))
            else:
                site = (limit, str(_("the site")))
        best = {member: max(found, key=lambda one: _or_infinite(one[0])) for member, found in of_groups.items()}
        return {key: own.get(key) or best.get(key) or site for key in keys}


def _or_infinite(limit: int | None) -> float:
    return math.inf if limit is None else limit


class TokenBudget(models.Model):
    """A daily limit for exactly one of: the site, a group, a user. Empty: no limit. 0: nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="token_budget"
    )
    group = models.OneToOneField(
        "auth.Group", null=True, blank=True, on_delete=models.CASCADE, related_name="token_budget"
    )
    for_site = models.BooleanField(_("for the whole site"), default=False)
    limit = models.PositiveBigIntegerField(_("tokens a day"), null=True, blank=True)

    objects = TokenBudgetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="token_budget_is_for_exactly_one",
                condition=Q(user__isnull=False, group__isnull=True, for_site=False)
                | Q(user__isnull=True, group__isnull=False, for_site=False)
                | Q(user__isnull=True, group__isnull=True, for_site=True),
                violation_error_message=_("A budget is for exactly one of: the site, a group, a user."),
            ),
            models.UniqueConstraint(fields=["for_site"], condition=Q(for_site=True), name="one_site_budget"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group or _('the site')}: {_('no limit') if self.limit is None else self.limit}"
