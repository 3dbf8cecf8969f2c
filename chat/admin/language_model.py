"""Models, what they cost and what they take."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from chat.models import LanguageModel
from config.model_admin import ModelAdmin

RATES = ("max_generations", "requests_per_minute", "tokens_per_minute")


@admin.register(LanguageModel)
class LanguageModelAdmin(ModelAdmin):
    section = "models"
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
