"""Models and what they cost and take, in the admin site."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from .models import LanguageModel, ProviderLimit

RATES = ("max_generations", "requests_per_minute", "tokens_per_minute")


@admin.register(LanguageModel)
class LanguageModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("name", "label", "provider", "enabled", "offered", "is_default", "fallback")
    list_filter = ("provider", "enabled", "offered")
    list_select_related = ("fallback",)
    search_fields = ("name", "label")
    readonly_fields = ("offered",)
    fieldsets = (
        (None, {"fields": ("name", "label", "provider", "enabled", "offered", "is_default", "fallback")}),
        (_("Sizes"), {"fields": ("context_window", "max_output_tokens")}),
        (_("Prices"), {"fields": ("input_price", "cached_input_price", "output_price")}),
        (_("Limits"), {"fields": RATES, "description": _("Empty: no limit.")}),
    )


@admin.register(ProviderLimit)
class ProviderLimitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("provider", *RATES)
