"""Models, what they cost and what they take."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chat.models import LanguageModel
from config.model_admin import ModelAdmin

RATES = ("max_generations", "requests_per_minute", "tokens_per_minute")


@admin.register(LanguageModel)
class LanguageModelAdmin(ModelAdmin):
    section = "models"
    ordering = ("name",)
    list_display = ("name", "label", "source", "enabled", "offered", "is_default", "fallback")
    list_filter = ("provider", "enabled", "offered", "groups")
    list_select_related = ("fallback", "connection")
    search_fields = ("name", "label")
    list_editable = ("enabled",)
    readonly_fields = ("source", "offered", "is_default")
    filter_horizontal = ("groups",)
    autocomplete_fields = ("fallback",)
    actions = ("enable", "disable", "make_default")
    fieldsets = (
        (None, {"fields": ("name", "label", "source", "enabled", "offered", "is_default", "fallback", "groups")}),
        (_("Prompt"), {"fields": ("system_prompt", "temperature")}),
        (_("Sizes"), {"fields": ("context_window", "max_output_tokens")}),
        (_("Prices"), {"fields": ("input_price", "cached_input_price", "output_price")}),
        (_("Limits"), {"fields": RATES, "description": _("Empty: no limit.")}),
    )

    @admin.display(description=_("provider"))
    def source(self, model: LanguageModel) -> str:
        return str(model.connection or model.get_provider_display())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Models come from their providers."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: LanguageModel | None = None) -> tuple[str, ...]:
        """The name is the provider's own."""
        return (*self.readonly_fields, "name")

    @admin.action(description=_("Offer them to people"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: "QuerySet[LanguageModel]") -> None:
        queryset.update(enabled=True)

    @admin.action(description=_("Offer them to nobody"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: "QuerySet[LanguageModel]") -> None:
        queryset.update(enabled=False)

    @admin.action(description=_("Make it the default"), permissions=["change"])
    def make_default(self, request: HttpRequest, queryset: "QuerySet[LanguageModel]") -> None:
        chosen = queryset.order_by("pk").first()
        if chosen is not None:
            chosen.make_default()
