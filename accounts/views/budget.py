"""A person's budget today, and asking for more."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import budgets
from accounts.forms import BudgetRequestForm
from accounts.models import BudgetRequest, User

SHOWN = 10


def budget(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = BudgetRequestForm(request.POST or None)
    if form.is_valid():
        BudgetRequest.objects.ask(request.user, form.cleaned_data["reason"])
        messages.success(request, _("Your admins see your request now."))
        return redirect("settings_budget")
    context = {
        "form": form,
        "budget": budgets.status(request.user),
        "requests": request.user.budget_requests.order_by("-created_at")[:SHOWN],
    }
    return render(request, "account/budget.html", context, status=422 if form.is_bound else 200)
