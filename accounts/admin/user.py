"""People: a list that says how each of them stands, and what may be done to them."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import formats
from django.utils.timesince import timesince
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts import hints
from accounts.models import ApiKey, User
from accounts.models.deletion import delete_account
from accounts.people import about
from config.model_admin import ModelAdmin

from . import user_actions

PLAIN = ("name", "time_zone", "second_factor_required")
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
FACTS = ("email", "is_active", "last_login", "date_joined")


class PeopleList(ChangeList):
    """Adds to the people of the page, and to no others, what the list says about them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        people = list(self.result_list)
        known = about(people)
        for user in people:
            user.about = known[user.pk]
        self.result_list = people


@admin.register(User)
class UserAdmin(ModelAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Rights are given by superusers, and by nobody to themselves; secrets are shown to nobody."""

    section = "people"
    ordering = ("email",)
    list_display = ("email", "name", "used_today", "budget", "source", "member_of", "seen", "state")
    list_filter = ("is_active", "is_staff", "second_factor_required", "groups")
    search_fields = ("email", "name")
    actions = user_actions.ACTIONS
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("email", *PLAIN)}),
        (_("Access"), {"fields": ("is_active", *RIGHTS)}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    # ── the list ──

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PeopleList

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    @admin.display(description=_("used today"))
    def used_today(self, user: Any) -> str:
        return grouped(user.about.budget.used)

    @admin.display(description=_("budget today"))
    def budget(self, user: Any) -> str:
        limit = user.about.budget.limit
        return _t("no limit") if limit is None else grouped(limit)

    @admin.display(description=_("from"))
    def source(self, user: Any) -> str:
        return str(user.about.source)

    @admin.display(description=_("groups"))
    def member_of(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    @admin.display(description=_("last seen"))
    def seen(self, user: Any) -> str | None:
        at = user.about.seen_at
        return _t("%(time)s ago") % {"time": timesince(at, depth=1)} if at else None

    @admin.display(description=_("state"))
    def state(self, user: User) -> str:
        if not user.is_active:
            return _t("deactivated")
        return _t("admin") if user.is_superuser else _t("staff") if user.is_staff else _t("active")

    # ── who may do what ──

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Rights are the superusers' to give, and nobody's to give themselves."""
        if obj is None:
            return ()
        may_give = request.user.is_superuser and obj.pk != request.user.pk
        return FACTS if may_give else FACTS + RIGHTS

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Others invite: an account made here has a password that somebody else knows."""
        return super().has_add_permission(request) and request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or self._may_manage(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may_delete = super().has_delete_permission(request, obj) and request.user.is_superuser
        return may_delete and (obj is None or obj.pk != request.user.pk)

    def has_budget_permission(self, request: HttpRequest) -> bool:
        """For actions that say ``permissions=["budget"]``."""
        return bool(request.user.has_perm("accounts.change_tokenbudget"))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Whoever sets somebody's password can sign in in their name. The keys of the old one end."""
        if not request.user.is_superuser:
            raise PermissionDenied
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if response.status_code == HTTPStatus.FOUND:
            ApiKey.objects.end_all(User.objects.get(pk=id), by=request.user)
        return response

    @staticmethod
    def _may_manage(request: HttpRequest, user: User) -> bool:
        assert isinstance(request.user, User)
        return bool(User.objects.manageable_by(request.user).filter(pk=user.pk).exists())

    # ── changes ──

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            obj.vouch()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Another group may be another budget."""
        super().save_related(request, form, formsets, change)
        hints.tell_budget_changed([form.instance.pk])

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """The people alone: what goes with them is theirs to read, and may be a lot."""
        return [str(user) for user in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        for user in queryset:
            if user != request.user:
                delete_account(user)


def grouped(tokens: int) -> str:
    return formats.number_format(tokens, 0, force_grouping=True)
