"""Content rules, tried on a sample before they are saved."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import ContentRule
from chat.moderating.rules import Rule, RuleSet
from config.model_admin import ModelAdmin


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """``tried`` is what the rule makes of the sample's lines: each with where a match begins, or None."""

    sample = forms.CharField(
        label=gettext_lazy("sample"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Some lines to try the rule on; they are not stored."),
    )
    tried: "list[tuple[str, str, bool]] | None" = None

    def _post_clean(self) -> None:
        """After the rule itself has been looked at: a trial is not saved."""
        super()._post_clean()  # type: ignore[misc]  # not in the stubs
        if "_try" in self.data and not self.errors:
            rules = RuleSet([Rule.of(self.instance)])
            self.tried = [_tried(rules, line) for line in self.cleaned_data["sample"].splitlines() if line.strip()]
            self.add_error(None, ValidationError(_("This was a trial: nothing is saved yet.")))


def _tried(rules: RuleSet, line: str) -> tuple[str, str, bool]:
    """A line: what of it passes, what does not, and whether there was a match."""
    screen = rules.screen()
    assert screen is not None
    passed = screen.feed(line)
    shown = passed.text
    if not passed.blocked:
        passed = screen.finish()
        shown += passed.text
    return shown, line[len(shown) :], passed.blocked is not None


@admin.register(ContentRule)
class ContentRuleAdmin(ModelAdmin):
    section = "moderation"
    form = RuleForm
    list_display = ("name", "kind", "applies_to", "action", "enabled", "hits", "last_hit_at")
    list_filter = ("action", "enabled")
    search_fields = ("name", "text")
    fields = ("name", "enabled", "kind", "text", "applies_to", "action", "longest_match", "sample")
    change_form_template = "admin/content_rule_form.html"

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        """One by one, so that this process forgets them at once."""
        for rule in list(queryset):
            self.delete_model(request, rule)
