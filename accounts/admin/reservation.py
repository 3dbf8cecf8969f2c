"""What each answer held and used: hundreds of thousands of rows, of which any page is found by an index."""

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Reservation, User
from config.model_admin import KeysFirst, ReadOnlyAdmin

LATELY = 1000  # reservations


class ModelFilter(admin.SimpleListFilter):
    """Those models that spoke lately: asking the whole table which there are takes as long as all else."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        lately = Reservation.objects.order_by("-created_at").values_list("model", flat=True)[:LATELY]
        return [(name, name) for name in sorted(set(lately)) if name]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Reservation]") -> "QuerySet[Reservation]":
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("generation_id", "user", "state", "model", "amount", "settled_amount", "cost_nano", "created_at")
    list_filter = ("state", ModelFilter)
    list_select_related = ("user",)
    ordering = ("-created_at",)
    sortable_by = ("created_at",)
    search_fields = ("user__email", "generation_id")
    search_help_text = _("A part of an e-mail address, or the whole key of an answer.")
    paginator = KeysFirst

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Reservation]", search_term: str
    ) -> "tuple[QuerySet[Reservation], bool]":
        """The people are found first, then what is theirs."""
        term = search_term.strip()
        try:
            return queryset.filter(pk=uuid.UUID(term)), False
        except ValueError:
            people = User.objects.filter(email__icontains=term)
            return (queryset.filter(user__in=people) if term else queryset), False
