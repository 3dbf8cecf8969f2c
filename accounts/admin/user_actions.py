"""What may be done to the people chosen in the list: each asks first, then does it and says to whom."""

import dataclasses
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import hints
from accounts.models import User
from accounts.models.budget_request import MOST_AT_ONCE
from accounts.models.deletion import LastAdmin
from config.admin_pages import render_page

MOST_PEOPLE = 500  # at once, each of them with an entry in the audit log
SHOWN = 20


class BudgetForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("Daily budget"),
        choices=[
            ("limit", gettext_lazy("so many tokens a day:")),
            ("none", gettext_lazy("no limit")),
            ("inherit", gettext_lazy("that of their groups or the site")),
        ],
        widget=forms.RadioSelect,
        initial="limit",
    )
    limit = forms.IntegerField(label=gettext_lazy("Tokens a day"), min_value=0, max_value=MOST_AT_ONCE, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == "limit" and cleaned.get("limit") is None and "limit" not in self.errors:
            self.add_error("limit", _("How many tokens?"))
        return cleaned


class GrantForm(forms.Form):
    amount = forms.IntegerField(label=gettext_lazy("Tokens"), min_value=1, max_value=MOST_AT_ONCE)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=500, required=False)


Do = Callable[[User, User, dict[str, Any]], object]


@dataclasses.dataclass(frozen=True)
class PeopleAction:
    """``do`` gets the person, who does it, and the form's data. ``warning`` says what follows."""

    name: str
    title: Any
    warning: Any
    do: Do
    form: type[forms.Form] = forms.Form
    permission: str = "change"
    to_oneself: bool = False

    def __call__(self, table: Any, request: HttpRequest, chosen: "QuerySet[User]") -> HttpResponse | None:
        assert isinstance(request.user, User)
        people, left_out = self._allowed(request.user, chosen)
        form = self.form(request.POST if "apply" in request.POST else None)
        if "apply" in request.POST and form.is_valid():
            self._carry_out(request, people, form.cleaned_data)
            _say_left_out(request, left_out)
            return None
        if not people:
            _say_left_out(request, left_out)
            return None
        context = {
            "action": self,
            "form": form,
            "people": people[:SHOWN],
            "more": max(len(people) - SHOWN, 0),
            "left_out": left_out,
            "keys": [user.pk for user in people],
            "checkbox": ACTION_CHECKBOX_NAME,
            "opts": User._meta,  # noqa: SLF001 (public)
        }
        return render_page(request, "admin/people_action.html", self.title, context)

    def _allowed(self, by: User, chosen: "QuerySet[User]") -> tuple[list[User], int]:
        """Those it may be done to by this person, and how many are left out."""
        chosen = chosen.order_by("email")
        allowed = chosen & User.objects.manageable_by(by)
        if not self.to_oneself:
            allowed = allowed.exclude(pk=by.pk)
        people = list(allowed[:MOST_PEOPLE])
        return people, chosen.count() - len(people)

    def _carry_out(self, request: HttpRequest, people: list[User], data: dict[str, Any]) -> None:
        done: list[User] = []
        assert isinstance(request.user, User)
        for user in people:
            try:
                if self.do(user, request.user, data) is not False:
                    done.append(user)
            except LastAdmin:
                messages.error(request, _("%(name)s is the last admin.") % {"name": user})
        hints.tell_budget_changed([user.pk for user in done] or [request.user.pk])
        sentence = ngettext("%(action)s: %(count)d person.", "%(action)s: %(count)d persons.", len(done))
        messages.success(request, sentence % {"action": self.title, "count": len(done)})


def _say_left_out(request: HttpRequest, left_out: int) -> None:
    if left_out:
        sentence = ngettext(
            "%(count)d was left out: you may not do that to them, or they are too many at once.",
            "%(count)d were left out: you may not do that to them, or they are too many at once.",
            left_out,
        )
        messages.warning(request, sentence % {"count": left_out})


def _set_budget(user: User, by: User, data: dict[str, Any]) -> None:
    if data["kind"] == "inherit":
        user.unset_budget(by=by)
    else:
        user.set_budget(data["limit"] if data["kind"] == "limit" else None, by=by)


PEOPLE_ACTIONS = (
    PeopleAction(
        "set_budget",
        gettext_lazy("Set the daily budget"),
        gettext_lazy("It goes before the budgets of groups and site, from the next message on."),
        _set_budget,
        BudgetForm,
        permission="budget",
        to_oneself=True,
    ),
    PeopleAction(
        "grant_today",
        gettext_lazy("Grant tokens for today"),
        gettext_lazy("They come on top of the limit and end with each person's day."),
        lambda user, by, data: user.grant_today(data["amount"], by=by, note=data["note"]),
        GrantForm,
        permission="budget",
        to_oneself=True,
    ),
    PeopleAction(
        "reset_today",
        gettext_lazy("Reset today's use"),
        gettext_lazy("What was used today is given back; the ledger keeps what it was."),
        lambda user, by, data: user.reset_today(by=by),
        permission="budget",
        to_oneself=True,
    ),
    PeopleAction(
        "deactivate",
        gettext_lazy("Deactivate"),
        gettext_lazy("Sessions, API keys, open pages and running answers end within seconds. Nothing is deleted."),
        lambda user, by, data: user.deactivate(by=by),
    ),
    PeopleAction(
        "reactivate",
        gettext_lazy("Reactivate"),
        gettext_lazy("They can sign in again, and their API keys work again."),
        lambda user, by, data: user.reactivate(by=by),
    ),
    PeopleAction(
        "sign_out",
        gettext_lazy("Sign out everywhere"),
        gettext_lazy("All their sessions end; they can sign in again at once. API keys go on working."),
        lambda user, by, data: user.sign_out_everywhere(by=by),
    ),
    PeopleAction(
        "require_second_factor",
        gettext_lazy("Require a second factor"),
        gettext_lazy("Until they have set one up, nothing else is open to them."),
        lambda user, by, data: user.require_second_factor(True, by=by),
        to_oneself=True,
    ),
    PeopleAction(
        "drop_second_factor",
        gettext_lazy("Do not require a second factor"),
        gettext_lazy("Whoever has one keeps it. A setting may require it all the same."),
        lambda user, by, data: user.require_second_factor(False, by=by),
    ),
)


def _as_django_has_it(action: PeopleAction) -> Any:
    def run(table: Any, request: HttpRequest, chosen: "QuerySet[User]") -> HttpResponse | None:
        return action(table, request, chosen)

    run.__name__ = action.name
    return admin.action(run, description=action.title, permissions=[action.permission])


ACTIONS = tuple(_as_django_has_it(action) for action in PEOPLE_ACTIONS)
