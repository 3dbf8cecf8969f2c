"""What people may spend, and what they did: limits can be changed, the ledger only read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import hints
from accounts.models import CostBudget, CostMonth, Reservation, TokenBudget, UsageDay
from config.model_admin import ModelAdmin, ReadOnlyAdmin


class Limits(ModelAdmin):
    """Rows whose change everyone's open pages hear of."""

    section = "people"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        hints.tell_budget_changed()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        hints.tell_budget_changed()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        super().delete_queryset(request, queryset)
        hints.tell_budget_changed()


@admin.register(TokenBudget)
class TokenBudgetAdmin(Limits):
    list_display = ("__str__", "user", "group", "for_site", "limit")
    autocomplete_fields = ("user",)


@admin.register(CostBudget)
class CostBudgetAdmin(Limits):
    list_display = ("__str__", "group", "for_site", "limit")


@admin.register(CostMonth)
class CostMonthAdmin(ReadOnlyAdmin):
    list_display = ("budget", "month", "limit_nano", "used_nano", "reserved_nano")
    list_select_related = ("budget__group",)


@admin.register(UsageDay)
class UsageDayAdmin(ReadOnlyAdmin):
    list_display = ("user", "date", "time_zone", "limit", "granted", "used", "reserved")
    list_select_related = ("user",)
    date_hierarchy = "date"
    search_fields = ("user__email",)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("generation_id", "user", "state", "model", "amount", "settled_amount", "cost_nano", "created_at")
    list_filter = ("state", "model")
    list_select_related = ("user",)
    search_fields = ("user__email", "generation_id")
