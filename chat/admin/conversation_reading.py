"""Reading somebody's conversation as staff: a reason first, an hour, and the owner is told."""

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import hints
from accounts.models import User
from chat.models import Conversation, ConversationReading
from config.admin_pages import admin_page, render_page

ADDRESS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PERMISSION = "chat.read_conversations"
LISTED = 50


class ReadingForm(forms.Form):
    conversation = forms.CharField(
        label=gettext_lazy("Address of the conversation"),
        max_length=300,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("As in /c/…/"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy("The owner is shown it with your name, and it goes into the audit log."),
    )

    def clean_conversation(self) -> Conversation:
        found = ADDRESS.search(self.cleaned_data["conversation"].lower())
        conversation = Conversation.objects.filter(pk=uuid.UUID(found[0])).first() if found else None
        if conversation is None:
            raise ValidationError(_("There is no such conversation."))
        return conversation


@admin_page(
    "reading/", "reading", permission=PERMISSION, title=gettext_lazy("Read a conversation"), section="moderation"
)
def reading(request: HttpRequest) -> HttpResponse:
    """Asks for the reason; ``?person=`` lists somebody's conversations, without their titles."""
    assert isinstance(request.user, User)
    form = ReadingForm(request.POST or None, initial={"conversation": request.GET.get("conversation", "")})
    if form.is_valid():
        conversation = form.cleaned_data["conversation"]
        begun = ConversationReading.objects.begin(conversation, by=request.user, reason=form.cleaned_data["reason"])
        hints.tell_site_news([conversation.owner_id])
        return redirect("admin:reading_page", begun.pk)
    person = request.GET.get("person", "").strip().lower()
    theirs = Conversation.objects.filter(owner__email=person).order_by("-updated_at")[:LISTED] if person else ()
    context: dict[str, Any] = {"form": form, "person": person, "conversations": theirs}
    return render_page(request, "admin/reading.html", _("Read a conversation"), context, 422 if form.is_bound else 200)


@admin_page("reading/<int:pk>/", "reading_page", permission=PERMISSION)
def reading_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The active branch, for whoever gave the reason and as long as the hour lasts."""
    begun = ConversationReading.objects.filter(pk=pk, reader=request.user.pk).select_related("conversation").first()
    if begun is None or not begun.open or begun.conversation is None:
        raise Http404
    context = {"reading": begun, "branch": begun.conversation.branch()}
    return render_page(request, "admin/reading_page.html", _("A conversation of %s") % begun.owner, context)
