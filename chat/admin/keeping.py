"""What is kept and for how long: retention rules, with what they would delete tonight, and legal holds."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from chat.models import LegalHold, RetentionRule
from config.model_admin import ModelAdmin


@admin.register(RetentionRule)
class RetentionRuleAdmin(ModelAdmin):
    section = "site"
    list_display = ("__str__", "group", "days")
    list_select_related = ("group",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        count = RetentionRule.objects.expired().count()
        tonight = ngettext("%(count)d conversation tonight", "%(count)d conversations tonight", count)
        return super().changelist_view(request, {"subtitle": tonight % {"count": count}} | (extra_context or {}))


@admin.register(LegalHold)
class LegalHoldAdmin(ModelAdmin):
    """A hold is placed and released, never changed or removed."""

    section = "site"
    list_display = ("__str__", "reason", "placed_at", "released_at")
    search_fields = ("about", "reason")
    autocomplete_fields = ("user",)
    raw_id_fields = ("conversation",)
    fields = ("user", "conversation", "reason")
    actions = ("release",)

    def has_change_permission(self, request: HttpRequest, obj: LegalHold | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: LegalHold, form: Any, change: bool) -> None:
        """Conversations are named by their owner and number: their titles are not for the staff."""
        conversation = obj.conversation
        obj.about = f"{conversation.owner}: {conversation.pk}" if conversation is not None else str(obj.user)
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Release the selected holds"), permissions=["change"])
    def release(self, request: HttpRequest, queryset: "QuerySet[LegalHold]") -> None:
        assert isinstance(request.user, User)
        for hold in queryset:
            hold.release(by=request.user)
