"""The prompts of the site: shared with groups or with everybody. What people keep for themselves is not here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chat.models import PromptTemplate
from config.model_admin import ModelAdmin


@admin.register(PromptTemplate)
class PromptTemplateAdmin(ModelAdmin):
    section = "site"
    list_display = ("name", "for_everyone")
    search_fields = ("name", "text")
    fields = ("name", "text", "for_everyone", "groups")
    filter_horizontal = ("groups",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).filter(owner=None)
