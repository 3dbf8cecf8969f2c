"""How much a month may cost: limits for the site, or for a group together."""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.costs import NANO_PER_UNIT


class CostBudget(models.Model):
    """A monthly limit for exactly one of: the site, a group. Its people share it; whoever is in several needs room
    in each. In units of the currency the prices are in; 0: nothing."""

    group = models.OneToOneField(
        "auth.Group", null=True, blank=True, on_delete=models.CASCADE, related_name="cost_budget"
    )
    for_site = models.BooleanField(_("for the whole site"), default=False)
    limit = models.DecimalField(
        _("cost a month"), max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="cost_budget_is_for_exactly_one",
                condition=Q(group__isnull=False, for_site=False) | Q(group__isnull=True, for_site=True),
                violation_error_message=_("A cost budget is for exactly one of: the site, a group."),
            ),
            models.UniqueConstraint(fields=["for_site"], condition=Q(for_site=True), name="one_site_cost_budget"),
            models.CheckConstraint(name="cost_budget_is_not_negative", condition=Q(limit__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.group or _('the site')}: {self.limit}"

    @property
    def limit_nano(self) -> int:
        return int(self.limit * NANO_PER_UNIT)
