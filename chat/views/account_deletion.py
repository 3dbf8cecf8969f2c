"""Deleting one's account: what is being written stops, then everything goes."""

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth import logout
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.deletion_form import DeletionForm
from accounts.models import User
from accounts.models.deletion import LastAdmin, delete_account
from chat import answering
from chat.models import Conversation


def account_deletion(request: HttpRequest) -> HttpResponse:
    user_id = request.user.pk
    assert user_id is not None
    user: User = User.objects.get(pk=user_id)
    form = DeletionForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        try:
            delete_account(user)
        except LastAdmin:
            form.add_error(None, _("You are the last admin. Make somebody else an admin first."))
        except ProtectedError:
            form.add_error(None, _("A legal hold keeps your account for now. Ask whoever runs this site."))
        else:
            # Their runners find no row any more and close what is open; this only makes it quicker.
            async_to_sync(answering.stop_all_of)(user_id)
            logout(request)
            messages.success(request, _("Your account and everything in it are deleted."))
            return redirect("account_login")
    context = {"form": form, "count": Conversation.objects.visible_to(user).count()}
    return render(request, "settings/account_deletion.html", context, status=422 if form.is_bound else 200)
