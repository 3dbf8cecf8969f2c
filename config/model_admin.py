"""What all tables in the admin site have in common."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from .audited import AuditedAdmin


class KeysFirst(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Finds the keys of a page, then its rows: to skip rows is cheap in an index, and dear with all that is joined."""

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        found: Any = self.object_list
        keys = list(found.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(found.filter(pk__in=keys), number, self)


class ModelAdmin(AuditedAdmin):
    """``section`` is where the sidebar lists it (see ``admin_pages.SECTIONS``).

    Lists count what they show, once: never the whole table beside it, which may have millions of rows.
    """

    section = "records"
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Named after what it lists."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        response: HttpResponse = super().changelist_view(request, title | (extra_context or {}))
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Named after what it shows: that it can be changed is seen."""
        title = {"title": capfirst(self.opts.verbose_name)}
        response: HttpResponse = super().change_view(request, object_id, form_url, title | (extra_context or {}))
        return response


class ReadOnlyAdmin(ModelAdmin):
    """Rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
