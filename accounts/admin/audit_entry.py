"""The audit log: read, searched and exported, never changed; an export is an entry of its own."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry
from config.model_admin import ReadOnlyAdmin
from config.spreadsheet import csv_of

MOST_EXPORTED = 100_000
COLUMNS = (
    *("position", "at", "actor_name", "action", "target_type", "target", "target_name"),
    *("before", "after", "note", "address", "hash"),
)


class AreaFilter(admin.SimpleListFilter):
    title = _("area")
    parameter_name = "area"
    AREAS: ClassVar = {
        "sign_": _("sign-ins"),
        "admin.": _("changes in the admin"),
        "budget.": _("budgets"),
        "report.": _("moderation"),
        "conversation.": _("conversations"),
        "user.": _("people"),
        "api_key.": _("API keys"),
        "audit.": _("the log itself"),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.AREAS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> "QuerySet[AuditEntry]":
        area = self.value()
        return queryset.filter(action__startswith=area) if area in self.AREAS else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    section = "records"
    list_display = ("position", "at", "actor_name", "action", "target_name", "address")
    list_display_links = ("position", "action")
    list_filter = (AreaFilter, ("at", admin.DateFieldListFilter))
    search_fields = ("actor_name", "action", "target_name", "target", "note")
    search_help_text = _("Who, what or to what")
    fields = (
        *("position", "at", "actor_name", "action", "target_type", "target_name", "target", "changes"),
        *("note", "address", "previous_hash", "hash"),
    )
    readonly_fields = ("changes",)
    change_list_template = "admin/audit_list.html"

    @admin.display(description=_("changes"))
    def changes(self, entry: AuditEntry) -> SafeString:
        names = sorted(entry.before.keys() | entry.after.keys())
        rows = ((name, entry.before.get(name, "–"), entry.after.get(name, "–")) for name in names)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} → {}</li>", rows))

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/<str:kind>/", export, name="audit_export"), *super().get_urls()]

    def export(self, request: HttpRequest, kind: str) -> HttpResponse:
        """What the list shows with the same search and filters, as CSV or one JSON object a line."""
        if not self.has_view_permission(request) or kind not in {"csv", "jsonl"}:
            return HttpResponse(status=404)
        found = self.get_changelist_instance(request).get_queryset(request).order_by("position")
        entries = list(found[:MOST_EXPORTED])
        after = {"kind": kind, "entries": len(entries), "filters": request.GET.urlencode()}
        AuditEntry.objects.record(request.user, "audit.exported", after=after)
        if kind == "csv":
            rows = ([_text(getattr(entry, name)) for name in COLUMNS] for entry in entries)
            content, content_type = csv_of(COLUMNS, rows), "text/csv; charset=utf-8"
        else:
            lines = (json.dumps(entry.record | {"hash": entry.hash}) for entry in entries)
            content, content_type = "".join(f"{line}\n" for line in lines), "application/jsonl"
        headers = {"Content-Disposition": f'attachment; filename="audit.{kind}"'}
        return HttpResponse(content, content_type=content_type, headers=headers)


def _text(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
