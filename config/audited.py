"""Changes made in the admin site, written into the audit log as they are stored."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.models import AuditEntry


class AuditedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Every form that is saved passes ``save_related`` last, in the transaction of the change."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        names = [name for name in form.changed_data if name in form.cleaned_data]
        before = {name: _known(form.initial.get(name)) for name in names} if change else {}
        after = {name: _known(form.cleaned_data[name]) for name in names}
        for formset in formsets:
            after |= _rows(formset)
        if after or not change:
            self._record(request, "changed" if change else "added", form.instance, before, after)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._record(request, "deleted", obj, {}, {})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        for obj in queryset:
            self._record(request, "deleted", obj, {}, {})
        super().delete_queryset(request, queryset)

    def _record(
        self, request: HttpRequest, what: str, obj: Model, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        AuditEntry.objects.record(request.user, f"admin.{what}", obj, before=before, after=after)


def _known(value: object) -> object:
    """Objects by their names, as far as a form has them."""
    if isinstance(value, QuerySet | list | tuple | set):
        return [str(each) for each in value]
    return value


def _rows(formset: Any) -> dict[str, list[str]]:
    """What was done to the rows below a form."""
    done: Iterable[tuple[str, list[Any]]] = (
        ("added", list(formset.new_objects)),
        ("changed", [f"{obj}: {', '.join(fields)}" for obj, fields in formset.changed_objects]),
        ("deleted", list(formset.deleted_objects)),
    )
    name = formset.model._meta.model_name  # noqa: SLF001 (public)
    return {f"{name}_{what}": [str(each) for each in rows] for what, rows in done if rows}
