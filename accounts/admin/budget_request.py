"""People's wishes for more tokens: decided once, then a record."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import hints
from accounts.models import BudgetRequest, User
from config.model_admin import ModelAdmin


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
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
class BudgetRequestAdmin(ModelAdmin):
    """A request is decided once; then it is a record."""

    section = "people"
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
        """While it is open; one's own is for somebody else to decide, but for superusers."""
        is_open = obj is None or obj.state == BudgetRequest.State.OPEN
        is_own = obj is not None and obj.user_id == request.user.pk and not request.user.is_superuser
        return is_open and not is_own and super().has_change_permission(request, obj)

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
