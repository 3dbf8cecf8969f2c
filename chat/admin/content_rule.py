"""Content rules, tried on a sample before they are saved."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat import hints
from chat.models import ContentRule, ProviderConnection
from chat.models.content_rule import DEFAULT_TIMEOUT_S, MOST_TIMEOUT_S
from chat.moderating.rules import Judge, Rule, RuleSet
from chat.providers import ProviderError
from chat.providers.registry import Kind, import_sdk, make
from config.model_admin import ModelAdmin

if TYPE_CHECKING:
    from chat.providers.openai import OpenAIProvider

MOST_ASKED = 20  # lines of a sample that a provider is asked about


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """``tried`` is what the rule makes of the sample's lines: each with where a match begins, or None."""

    sample = forms.CharField(
        label=gettext_lazy("sample"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Some lines to try the rule on; they are not stored."),
    )
    timeout_s = forms.IntegerField(
        label=gettext_lazy("time limit"),
        min_value=1,
        max_value=MOST_TIMEOUT_S,
        required=False,
        initial=DEFAULT_TIMEOUT_S,
        help_text=gettext_lazy("In seconds, for each call of the provider’s moderation."),
    )
    tried: "list[tuple[str, str, bool]] | None" = None

    def clean_timeout_s(self) -> int:
        return self.cleaned_data["timeout_s"] or DEFAULT_TIMEOUT_S

    def _post_clean(self) -> None:
        """After the rule itself has been looked at: a trial is not saved."""
        super()._post_clean()  # type: ignore[misc]  # not in the stubs
        if "_try" in self.data and not self.errors:
            lines = [line for line in self.cleaned_data["sample"].splitlines() if line.strip()]
            self._try(lines[:MOST_ASKED] if self.instance.connection else lines)
            self.add_error(None, ValidationError(_("This was a trial: nothing is saved yet.")))

    def _try(self, lines: list[str]) -> None:
        connection = self.instance.connection
        if self.instance.kind != ContentRule.Kind.PROVIDER or connection is None:
            rules = RuleSet([Rule.of(self.instance)])
            self.tried = [_tried(rules, line) for line in lines]
            return
        try:
            self.tried = async_to_sync(_asked)(Judge.of(self.instance, connection), connection, lines)
        except ProviderError as error:
            self.add_error("connection", error.message)


async def _asked(judge: Judge, connection: ProviderConnection, lines: list[str]) -> list[tuple[str, str, bool]]:
    """As ``_tried``, by asking the provider. Raises ProviderError."""
    await import_sdk(Kind(connection.kind))
    provider = cast("OpenAIProvider", make(Kind(connection.kind), connection))
    try:
        asked = [provider.flagged(line, judge.model, judge.timeout_s) for line in lines]
        met = [judge.minds(flagged) for flagged in await asyncio.gather(*asked)]
    finally:
        with suppress(OSError):
            await provider.aclose()
    return [("", line, True) if minds else (line, "", False) for line, minds in zip(lines, met, strict=True)]


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
    fieldsets = (
        (None, {"fields": ("name", "enabled", "kind", "text", "applies_to", "action", "longest_match")}),
        (
            gettext_lazy("A provider’s moderation"),
            {"fields": ("connection", "moderation_model", "timeout_s", "fails_closed")},
        ),
        (gettext_lazy("Sample"), {"fields": ("sample",)}),
    )
    change_form_template = "admin/content_rule_form.html"

    def save_model(self, request: HttpRequest, obj: ContentRule, form: Any, change: bool) -> None:
        """In force at once, in all processes; so is what follows."""
        super().save_model(request, obj, form, change)
        hints.tell_rules_changed()

    def delete_model(self, request: HttpRequest, obj: ContentRule) -> None:
        super().delete_model(request, obj)
        hints.tell_rules_changed()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[ContentRule]") -> None:
        super().delete_queryset(request, queryset)
        hints.tell_rules_changed()
