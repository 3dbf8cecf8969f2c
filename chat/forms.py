"""What a person types about their conversations."""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .models import Conversation, LanguageModel, PromptTemplate, Report, Share

MAX_READERS = 100


class AnswersForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """The models are those the person may use; a default that is gone counts as none."""

    default_model = forms.ChoiceField(
        label=_("Model"),
        required=False,
        help_text=_("For new conversations. Each message can go to another one."),
    )

    class Meta:
        model = User
        fields: ClassVar = ["default_model", "custom_instructions"]
        labels: ClassVar = {"custom_instructions": _("Custom instructions")}
        help_texts: ClassVar = {
            "custom_instructions": _(
                "What models should know about you and how they should answer. They read it before every message, "
                "and it counts as tokens each time. At most 4,000 characters."
            )
        }
        widgets: ClassVar = {"custom_instructions": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = list(LanguageModel.objects.visible_to(self.instance))
        usual = _("The site’s default (%(model)s)") % {"model": models[0]} if models else _("The site’s default")
        field = self.fields["default_model"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", usual), *((model.name, str(model)) for model in models)]


class ShareForm(forms.Form):
    """``people`` are e-mail addresses of colleagues, apart by commas, spaces or lines."""

    access = forms.ChoiceField(
        label=_("Who can read it"),
        choices=[
            ("nobody", _("Only me")),
            ("people", _("These colleagues")),
            ("everyone", _("Everybody who is signed in and has the link")),
        ],
        widget=forms.RadioSelect,
    )
    people = forms.CharField(
        label=_("E-mail addresses of colleagues"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, conversation: Conversation, **kwargs: Any) -> None:
        self.conversation = conversation
        share = Share.objects.filter(conversation=conversation).first()
        named = "\n".join(share.people.order_by("email").values_list("email", flat=True)) if share else ""
        access = "nobody" if share is None else "everyone" if share.for_everyone else "people"
        super().__init__(*args, **kwargs)
        self.initial = {"access": access, "people": named}

    def clean_people(self) -> list[User]:
        typed = {address.lower() for address in re.split(r"[\s,;]+", self.cleaned_data["people"]) if address}
        if len(typed) > MAX_READERS:
            raise ValidationError(_("At most %(count)d colleagues."), params={"count": MAX_READERS})
        people = list(User.objects.filter(email__in=typed, is_active=True))
        if unknown := sorted(typed - {person.email for person in people}):
            raise ValidationError(_("Nobody here has this address: %(address)s"), params={"address": unknown[0][:254]})
        return people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("access") == "people" and cleaned.get("people") == []:
            self.add_error("people", _("Name at least one colleague."))
        return cleaned

    def save(self) -> None:
        access = self.cleaned_data["access"]
        if access == "nobody":
            Share.objects.filter(conversation=self.conversation).delete()
            return
        people = self.cleaned_data["people"] if access == "people" else []
        Share.objects.put(self.conversation, for_everyone=access == "everyone", people=people)


class ReportForm(forms.Form):
    """Why somebody reports a message."""

    reason = forms.ChoiceField(choices=Report.Reason.given)
    text = forms.CharField(max_length=500, required=False)


class PromptForm(forms.ModelForm):  # type: ignore[type-arg]
    """A prompt of one's own, shared with groups one is in."""

    class Meta:
        model = PromptTemplate
        fields: ClassVar = ["name", "text", "groups"]
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 6}), "groups": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.owner = user
        groups = self.fields["groups"]
        assert isinstance(groups, forms.ModelMultipleChoiceField)
        groups.queryset = user.groups.order_by("name")
        groups.required = False
        if not user.groups.exists():
            del self.fields["groups"]
