"""What people may spend, and what they did, in the admin site: limits can be changed, the ledger only read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import hints
from .models import BudgetRequest, CostBudget, CostMonth, Reservation, TokenBudget, UsageDay, User


class Ledger(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Rows that only the ledger itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Limits(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows whose change everyone's open pages hear of."""

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
class CostMonthAdmin(Ledger):
    list_display = ("budget", "month", "limit_nano", "used_nano", "reserved_nano")
    list_select_related = ("budget__group",)


@admin.register(UsageDay)
class UsageDayAdmin(Ledger):
    list_display = ("user", "date", "time_zone", "limit", "granted", "used", "reserved")
    list_select_related = ("user",)
    date_hierarchy = "date"
    search_fields = ("user__email",)


@admin.register(Reservation)
class ReservationAdmin(Ledger):
    list_display = ("generation_id", "user", "state", "model", "amount", "settled_amount", "cost_nano", "created_at")
    list_filter = ("state", "model")
    list_select_related = ("user",)
    search_fields = ("user__email", "generation_id")


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """An open request, and what is said to it."""

    decision = forms.ChoiceField(
        label=gettext_lazy("decision"),
        choices=[("grant", gettext_lazy("grant")), ("refuse", gettext_lazy("refuse"))],
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "grant" and not cleaned.get("amount"):
            raise ValidationError({"amount": _("How many tokens on top of the limit, until the person's day ends?")})
        return cleaned


@admin.register(BudgetRequest)
class BudgetRequestAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A request is decided once; then it is a record."""

    form = DecisionForm
    list_display = ("user", "reason", "state", "amount", "decided_by", "created_at")
    list_filter = ("state",)
    list_select_related = ("user", "decided_by")
    fields = ("user", "reason", "created_at", "decision", "amount", "note")
    readonly_fields = ("user", "reason", "created_at")
    actions = ("refuse",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: BudgetRequest | None = None) -> bool:
        is_open = obj is None or obj.state == BudgetRequest.State.OPEN
        return is_open and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: BudgetRequest | None = None) -> Any:
        if self.has_change_permission(request, obj):
            return self.fields
        return ("user", "reason", "created_at", "state", "amount", "note", "decided_by", "decided_at")

    def save_model(self, request: HttpRequest, obj: BudgetRequest, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        note = form.cleaned_data["note"]
        if form.cleaned_data["decision"] == "grant":
            won = obj.grant(form.cleaned_data["amount"], by=request.user, note=note)
        else:
            won = obj.refuse(by=request.user, note=note)
        if won:
            hints.tell_budget_changed([obj.user_id])
        else:
            messages.warning(request, _("Somebody else has decided this request meanwhile."))

    @admin.action(description=gettext_lazy("Refuse the selected requests"), permissions=["change"])
    def refuse(self, request: HttpRequest, queryset: "QuerySet[BudgetRequest]") -> None:
        assert isinstance(request.user, User)
        for wish in queryset:
            wish.refuse(by=request.user)
