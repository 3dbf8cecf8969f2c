"""What a person is told whose request is not carried out: in their words, and with when to try again."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import budgets
from accounts.rate_limits import RateLimited

from . import measuring
from .moderating import rules
from .protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User


class ContentBlocked(Refused):
    """These rules say that it is not asked here."""

    def __init__(self, rules_: Sequence[rules.Rule]) -> None:
        names = ", ".join(rule.name for rule in rules_)
        sentence = _("This message was not sent: it breaks a rule of this site (%(names)s).") % {"names": names}
        super().__init__("content_blocked", sentence, field="prompt")
        self.rules = rules_


def suspension(user: "User") -> Refused:
    """What somebody is told whom a moderator has suspended."""
    assert user.suspended_until is not None
    until = date_format(timezone.localtime(user.suspended_until, user.zone), "DATETIME_FORMAT")
    sentence = _("A moderator has suspended you: you cannot ask for answers until %(time)s.") % {"time": until}
    return Refused("forbidden", f"{sentence} {user.suspended_because}".strip())


def rate_refusal(limited: RateLimited) -> Refused:
    sentence = _("You can send %(count)d messages a minute. Please try again in %(seconds)s s.") % {
        "count": settings.MESSAGES_PER_MINUTE,
        "seconds": limited.retry_after_header,
    }
    return Refused("rate_limited", sentence, retryable=True, retry_after_s=limited.retry_after_s)


def budget_refusal(status: budgets.BudgetStatus) -> Refused:
    """What a person is told whose budget does not allow what they ask for."""
    measuring.BUDGET_REFUSALS.add()
    sentence = _("Your token budget for today is used up. It resets at %(time)s.") % {
        "time": f"{status.resets_at:%H:%M}"
    }
    return Refused("budget_exhausted", sentence, retry_after_s=(status.resets_at - timezone.now()).total_seconds())


def cost_refusal(resets_at: datetime) -> Refused:
    """What a person is told whose group, or whose site, has spent its money."""
    measuring.BUDGET_REFUSALS.add()
    sentence = _("The cost limit for this month is used up. It resets on %(date)s.") % {
        "date": date_format(resets_at, "DATE_FORMAT")
    }
    return Refused("budget_exhausted", sentence, retry_after_s=(resets_at - timezone.now()).total_seconds())
