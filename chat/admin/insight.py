"""How the site is used and how well it answers: charts and figures over a range of days, and the same as CSV."""

import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.models import AuditEntry
from chat.insight import COLUMNS, Insight, table
from config.admin_pages import admin_page, render_page
from config.spreadsheet import csv_of

RANGES = (7, 30, 90, 365)
MOST_DAYS = 800


class RangeForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and not 0 <= (last - first).days < MOST_DAYS:
            self.add_error(
                "last", _("This must be a day after the first, at most %(days)d later.") % {"days": MOST_DAYS}
            )
        return cleaned


@admin_page("insight/", "insight", title=gettext_lazy("Insight"), permission="chat.view_dailyrollup")
@require_GET
def insight(request: HttpRequest) -> HttpResponse:
    """``days``: up to today; or ``first`` and ``last``. ``format=csv``: as a file."""
    today = timezone.now().date()
    days = next((days for days in RANGES if str(days) == request.GET.get("days", "")), 30)
    first, last = today - datetime.timedelta(days=days - 1), today
    form = RangeForm(request.GET if "first" in request.GET else None, initial={"first": first, "last": last})
    if form.is_bound and form.is_valid():
        first, last, days = form.cleaned_data["first"], form.cleaned_data["last"], 0
    found = Insight.of(first, last)
    if request.GET.get("format") == "csv":
        return _csv(request, found)
    context = {"insight": found, "days": days, "ranges": RANGES, "form": form, "query": request.GET.urlencode()}
    return render_page(request, "admin/insight.html", _("Insight"), context)


def _csv(request: HttpRequest, found: Insight) -> HttpResponse:
    name = f"insight-{found.days[0]}-{found.days[-1]}.csv"
    AuditEntry.objects.record(request.user, "insight.exported", note=name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(csv_of(COLUMNS, table(found)), content_type="text/csv; charset=utf-8", headers=headers)
