"""Announcements: all open pages show them as soon as they are saved."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import hints
from accounts.models import Announcement
from config.model_admin import ModelAdmin


@admin.register(Announcement)
class AnnouncementAdmin(ModelAdmin):
    section = "site"
    list_display = ("text", "level", "starts_at", "ends_at")
    list_filter = ("level",)
    fields = ("text", "level", "starts_at", "ends_at", "groups")
    filter_horizontal = ("groups",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        hints.tell_site_news()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        hints.tell_site_news()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        super().delete_queryset(request, queryset)
        hints.tell_site_news()
