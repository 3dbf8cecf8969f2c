"""Invitations: for one address, or for the many of a file, which is shown before anybody is invited."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.inviting import MOST_ROWS, Row, read_rows
from accounts.models import AuditEntry, Invitation, User
from config.admin_pages import admin_page, render_page
from config.model_admin import ModelAdmin


def groups_to_give(user: Any) -> "QuerySet[Group]":
    """Those that this member of the staff may put somebody into: no invitation gives rights that they lack."""
    groups = Group.objects.order_by("name")
    return groups if user.is_superuser else groups.filter(permissions=None)


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = Invitation
        fields = ("email", "groups")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email=email).exists():
            raise ValidationError(_("There is an account with this e-mail address."), code="taken")
        return email

    def _post_clean(self) -> None:
        """An open invitation for the same address is replaced, not refused."""


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin):
    section = "people"
    form = InvitationForm
    list_display = ("email", "invited_by", "created_at", "expires_at", "accepted_at")
    list_select_related = ("invited_by",)
    search_fields = ("email",)
    actions = ("renew",)

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """It is made, renewed or deleted; what was sent does not change."""
        return False

    def has_renew_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = groups_to_give(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        invited = invite(request, form.cleaned_data["email"], list(form.cleaned_data["groups"]))
        obj.pk, obj.email, obj.digest = invited.pk, invited.email, invited.digest

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """``invite`` has set the groups."""

    @admin.action(description=gettext_lazy("Send a new link"), permissions=["renew"])
    def renew(self, request: HttpRequest, queryset: "QuerySet[Invitation]") -> None:
        allowed = set(groups_to_give(request.user))
        for invitation in queryset.filter(accepted_at=None).prefetch_related("groups")[:MOST_ROWS]:
            if set(invitation.groups.all()) <= allowed:
                invite(request, invitation.email, list(invitation.groups.all()))


def invite(request: HttpRequest, email: str, groups: list[Group]) -> Invitation:
    """Mail the link, or show it to who invites. Raises ValidationError when there is an account."""
    assert isinstance(request.user, User)
    link = Invitation.objects.invite(email, by=request.user, groups=groups)
    invitation: Invitation = link.invitation
    AuditEntry.objects.record(
        request.user, "invitation.made", invitation, after={"groups": [group.name for group in groups]}
    )
    try:
        sent = link.send()
    except OSError:
        messages.error(request, _("The mail to %(email)s could not be sent.") % {"email": email})
        sent = False
    if not sent:
        messages.warning(request, _("Pass this link on to %(email)s: %(url)s") % {"email": email, "url": link.url})
    return invitation


class ListForm(forms.Form):
    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy("One a line, or CSV: the address, then groups separated by semicolons."),
    )


@admin_page(
    "invite/", "invite_many", title=gettext_lazy("Invite many"), section="people", permission="accounts.add_invitation"
)
@require_http_methods(["GET", "POST"])
def invite_many(request: HttpRequest) -> HttpResponse:
    """A list is typed, then shown with what would happen, then carried out."""
    form = ListForm(request.POST or None)
    rows: list[Row] = []
    if request.method == "POST" and form.is_valid():
        rows = read_rows(form.cleaned_data["addresses"], groups_to_give(request.user))
        if "apply" in request.POST:
            return _invite_rows(request, rows)
    context = {"form": form, "rows": rows, "good": sum(not row.problem for row in rows), "most": MOST_ROWS}
    return render_page(request, "admin/invite_many.html", _("Invite many"), context)


def _invite_rows(request: HttpRequest, rows: list[Row]) -> HttpResponse:
    count = 0
    for row in rows:
        if not row.problem:
            with transaction.atomic():
                invite(request, row.email, list(row.groups))
            count += 1
    messages.success(request, _("Invited: %(count)d.") % {"count": count})
    return render_page(request, "admin/invite_many.html", _("Invite many"), {"form": ListForm(), "rows": []})
