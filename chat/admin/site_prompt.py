"""The site's system prompt: one row, made when it is first written."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chat import hints
from chat.models import SitePrompt
from config.model_admin import ModelAdmin


@admin.register(SitePrompt)
class SitePromptAdmin(ModelAdmin):
    """Without the row, the environment's words are in force."""

    section = "site"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not SitePrompt.objects.exists() and super().has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: SitePrompt, form: Any, change: bool) -> None:
        """What is asked from now on begins with it, in all processes; so it is with what follows."""
        super().save_model(request, obj, form, change)
        hints.tell_rules_changed()

    def delete_model(self, request: HttpRequest, obj: SitePrompt) -> None:
        super().delete_model(request, obj)
        hints.tell_rules_changed()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[SitePrompt]") -> None:
        super().delete_queryset(request, queryset)
        hints.tell_rules_changed()
