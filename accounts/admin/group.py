"""Groups of people: what they may spend, and, for superusers, what they may do."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import hints
from accounts.models import CostBudget, TokenBudget
from config.model_admin import ModelAdmin

admin.site.unregister(Group)


class TokenBudgetInline(admin.StackedInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = TokenBudget
    fields = ("limit",)
    extra = 0
    max_num = 1
    verbose_name_plural = _("Token budget: for each of its people, every day")


class CostBudgetInline(admin.StackedInline):  # type: ignore[type-arg]
    model = CostBudget
    fields = ("limit",)
    extra = 0
    max_num = 1
    verbose_name_plural = _("Cost budget: for all of its people together, every month")


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    section = "people"
    list_display = ("name", "people", "token_budget", "cost_budget")
    list_select_related = ("token_budget", "cost_budget")
    search_fields = ("name",)
    ordering = ("name",)
    filter_horizontal = ("permissions",)
    inlines = (TokenBudgetInline, CostBudgetInline)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Group]":
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(people=Count("user"))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Permissions are named with the table they are for: one query, not one for each of them."""
        if db_field.name == "permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("people"), ordering="people")
    def people(self, group: Any) -> int:
        count: int = group.people
        return count

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        """Permissions are given by those who have all: nobody may raise their own."""
        return ("name", "permissions") if request.user.is_superuser else ("name",)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """A group that gives permissions is the superusers' alone, and nobody else changes one of their own."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        hints.tell_budget_changed()


def _may_touch(request: HttpRequest, group: Group | None) -> bool:
    if group is None or request.user.is_superuser:
        return True
    return not group.permissions.exists() and not group.user_set.filter(pk=request.user.pk).exists()
