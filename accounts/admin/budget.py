"""What people may spend, and what they did: limits can be changed, the ledger only read."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import hints
from accounts.models import CostBudget, CostMonth, TokenBudget, UsageDay, User
from config.model_admin import KeysFirst, ModelAdmin, ReadOnlyAdmin


class Limits(ModelAdmin):
    """Rows whose change everyone's open pages hear of. Nobody but superusers touches one that counts for themselves:
    their own, their groups' or the site's; nor one of other staff."""

    section = "people"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "for_site" and not request.user.is_superuser:
            kwargs["disabled"] = True  # not left out: the rule that it is for exactly one of them needs its value
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        assert isinstance(request.user, User)
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.manageable_by(request.user)
        if db_field.name == "group" and not request.user.is_superuser:
            kwargs["queryset"] = Group.objects.exclude(user=request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    @staticmethod
    def _may_touch(request: HttpRequest, budget: "TokenBudget | CostBudget | None") -> bool:
        assert isinstance(request.user, User)
        if budget is None or request.user.is_superuser:
            return True
        if isinstance(budget, TokenBudget) and budget.user_id:
            return bool(User.objects.manageable_by(request.user).filter(pk=budget.user_id).exists())
        return budget.group_id is not None and not request.user.groups.filter(pk=budget.group_id).exists()

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
    list_select_related = ("user", "group")
    autocomplete_fields = ("user",)


@admin.register(CostBudget)
class CostBudgetAdmin(Limits):
    list_display = ("__str__", "group", "for_site", "limit")
    list_select_related = ("group",)


@admin.register(CostMonth)
class CostMonthAdmin(ReadOnlyAdmin):
    list_display = ("budget", "month", "limit_nano", "used_nano", "reserved_nano")
    list_select_related = ("budget__group",)


@admin.register(UsageDay)
class UsageDayAdmin(ReadOnlyAdmin):
    list_display = ("user", "date", "time_zone", "limit", "granted", "used", "reserved")
    list_select_related = ("user",)
    list_filter = ("date",)
    search_fields = ("user__email",)
    paginator = KeysFirst
