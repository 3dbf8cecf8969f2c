"""The moderators' queue: what was reported, as it was then, and what is decided."""

import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import hints
from accounts.models import User
from accounts.models.deletion import LastAdmin
from chat.models import Report
from chat.models.hidden_message import StillWritten
from config.model_admin import ModelAdmin

Decision = Report.Decision
MOST_DAYS = 3650
SPEAKERS = {"user": gettext_lazy("The person"), "assistant": gettext_lazy("The model")}


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    decision = forms.ChoiceField(
        label=gettext_lazy("decision"), choices=Decision.choices, widget=forms.RadioSelect, initial=Decision.DISMISS
    )
    days = forms.IntegerField(
        label=gettext_lazy("suspended for so many days"), min_value=1, max_value=MOST_DAYS, required=False
    )
    note = forms.CharField(
        label=gettext_lazy("note"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Goes into the audit log. The author is shown it, the reporter is not."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        decision = cleaned.get("decision")
        if decision == Decision.SUSPEND and not cleaned.get("days"):
            raise ValidationError({"days": _("For how many days?")})
        if decision == Decision.HIDE and self.instance.message is None:
            raise ValidationError({"decision": _("The message is not there any more.")})
        if decision in {Decision.WARN, Decision.SUSPEND, Decision.DEACTIVATE} and self.instance.author is None:
            raise ValidationError({"decision": _("The author’s account is not there any more.")})
        return cleaned


@admin.register(Report)
class ReportAdmin(ModelAdmin):
    """Moderators see what was reported and its context; not the conversation, nor who else is in it."""

    section = "moderation"
    form = DecisionForm
    list_display = ("__str__", "state", "author", "reporter", "assignee", "decision", "decided_at")
    list_filter = ("state", "reason", "decision")
    list_select_related = ("author", "reporter", "assignee")
    search_fields = ("author__email", "reporter__email", "text")
    known = ("reported", "reason", "text", "reporter", "author", "state", "assignee")
    readonly_fields = ("reported", *known[1:])
    actions = ("take",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        """While it is open, and not about oneself; only superusers decide about staff."""
        allowed = super().has_change_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        author = obj.author
        above = author is not None and (author == request.user or author.is_staff or author.is_superuser)
        return obj.state != Report.State.DECIDED and (not above or request.user.is_superuser)

    def get_fields(self, request: HttpRequest, obj: Report | None = None) -> Any:
        if self.has_change_permission(request, obj):
            return (*self.known, "decision", "days", "note")
        return (*self.known, "decision", "note", "decided_by", "decided_at")

    @admin.display(description=gettext_lazy("what was reported"))
    def reported(self, report: Report) -> SafeString:
        last = len(report.shown) - 1
        rows = (
            (" reported__message" if place == last else "", SPEAKERS.get(shown["role"], ""), shown["text"])
            for place, shown in enumerate(report.shown)
        )
        row = '<div class="reported__row{}"><strong>{}</strong><pre>{}</pre></div>'
        return format_html('<div class="reported">{}</div>', format_html_join("", row, rows))

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        data = form.cleaned_data
        until = timezone.now() + datetime.timedelta(days=data["days"]) if data.get("days") else None
        try:
            won = obj.decide(data["decision"], by=request.user, note=data["note"], until=until)
        except StillWritten:
            if obj.message is not None:
                obj.message.generations.active().update(cancel_requested_at=timezone.now())
            messages.warning(request, _("The answer was still being written. It is being stopped: decide again."))
        except LastAdmin:
            messages.error(request, _("%(name)s is the last admin.") % {"name": obj.author})
        else:
            if not won:
                messages.warning(request, _("Somebody else has decided this report meanwhile."))
            hints.tell_site_news([user.pk for user in (obj.author, obj.reporter) if user is not None])

    @admin.action(description=gettext_lazy("Assign the selected reports to me"), permissions=["change"])
    def take(self, request: HttpRequest, queryset: "QuerySet[Report]") -> None:
        assert isinstance(request.user, User)
        for report in queryset:
            report.assign(request.user)
