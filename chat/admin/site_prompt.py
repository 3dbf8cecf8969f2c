"""The site's system prompt: one row, made when it is first written."""

from django.contrib import admin
from django.http import HttpRequest

from chat.models import SitePrompt
from config.model_admin import ModelAdmin


@admin.register(SitePrompt)
class SitePromptAdmin(ModelAdmin):
    """Without the row, the environment's words are in force."""

    section = "site"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not SitePrompt.objects.exists() and super().has_add_permission(request)
