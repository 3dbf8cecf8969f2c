"""Providers: those that an admin has connected, with a test that really streams, and those of the environment."""

from typing import Any, ClassVar

from asgiref.sync import async_to_sync
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.models import LanguageModel, ProviderConnection
from chat.providers.catalogue import ASK_AGAIN_S, sync_models
from chat.providers.probing import probe
from chat.providers.registry import Kind, configured
from config.admin_pages import render_page
from config.model_admin import ModelAdmin

from .language_model import RATES

KEY = r"[\x21-\x7e]+"


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """The key is written, never read; a new address asks for it again."""

    new_key = forms.RegexField(
        KEY,
        label=gettext_lazy("API key"),
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Kept sealed, for this address alone, and never shown. Empty: it stays as it is."),
        error_messages={"invalid": gettext_lazy("A key has no spaces, line breaks or characters beyond ASCII.")},
    )
    forget_key = forms.BooleanField(label=gettext_lazy("Forget the stored key"), required=False)

    class Meta:
        model = ProviderConnection
        fields: ClassVar = ["name", "kind", "base_url", "model_names", "enabled", *RATES]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        address = ProviderConnection(kind=cleaned.get("kind", ""), base_url=cleaned.get("base_url", ""))
        stored = ProviderConnection.objects.filter(pk=self.instance.pk).exclude(sealed_key="").first()
        decided = cleaned.get("new_key") or cleaned.get("forget_key") or "new_key" in self.errors
        if stored and not decided and "kind" in cleaned and "base_url" in cleaned and stored.origin != address.origin:
            sentence = _("The stored key is for %(origin)s. Type the key of the new address, or forget the old one.")
            raise ValidationError({"new_key": sentence % {"origin": stored.origin}})
        return cleaned

    def save(self, commit: bool = True) -> Any:
        connection: ProviderConnection = self.instance
        if self.cleaned_data["new_key"] or self.cleaned_data["forget_key"]:
            connection.take_key(self.cleaned_data["new_key"])
        if connection.pk:
            connection.revision += 1
        return super().save(commit)


@admin.register(ProviderConnection)
class ProviderConnectionAdmin(ModelAdmin):
    section = "models"
    form = ConnectionForm
    list_display = ("name", "kind", "address", "has_key", "offers", "enabled")
    actions = ("test_connection", "sync")
    fieldsets = (
        (None, {"fields": ("name", "kind", "base_url", "new_key", "forget_key", "model_names", "enabled")}),
        (gettext_lazy("Limits"), {"fields": RATES, "description": gettext_lazy("Empty: no limit.")}),
    )

    @admin.display(description=gettext_lazy("address"))
    def address(self, connection: ProviderConnection) -> str:
        return connection.address

    @admin.display(description=gettext_lazy("key"))
    def has_key(self, connection: ProviderConnection) -> str:
        if not connection.sealed_key:
            return _("none")
        return _("stored") if connection.key else _("cannot be used")

    @admin.display(description=gettext_lazy("models"))
    def offers(self, connection: Any) -> int:
        return sum(one.offered for one in connection.language_models.all())

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ProviderConnection]":
        connections: QuerySet[ProviderConnection] = super().get_queryset(request)
        return connections.prefetch_related("language_models")

    def get_urls(self) -> list[URLPattern]:
        test = path("<path:pk>/test/", self.admin_site.admin_view(self.test_view), name="chat_providerconnection_test")
        return [test, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"environment": _environment()} | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: ProviderConnection, form: Any, change: bool) -> None:
        """What a running server has goes stale with the revision; the models are asked for once that is stored."""
        super().save_model(request, obj, form, change)
        transaction.on_commit(lambda: self._sync(request))

    def test_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Stream a token and say how that went; a POST, because it costs one."""
        connection = self.get_object(request, pk)
        if not isinstance(connection, ProviderConnection) or not self.has_change_permission(request, connection):
            raise Http404
        verdict = async_to_sync(probe)(connection) if request.method == "POST" else None
        context = {"connection": connection, "verdict": verdict, "opts": self.opts}
        return render_page(request, "admin/connection_test.html", _("Test the connection"), context)

    @admin.action(description=gettext_lazy("Test the connection"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: "QuerySet[ProviderConnection]") -> None:
        for connection in queryset[:5]:
            verdict = async_to_sync(probe)(connection)
            level = messages.SUCCESS if verdict.well else messages.ERROR
            messages.add_message(request, level, f"{connection}: {' '.join(verdict.sentences)}")

    @admin.action(description=gettext_lazy("Ask for the list of models"), permissions=["change"])
    def sync(self, request: HttpRequest, queryset: "QuerySet[ProviderConnection]") -> None:
        queryset.update(revision=F("revision") + 1)
        self._sync(request)

    @staticmethod
    def _sync(request: HttpRequest) -> None:
        known = async_to_sync(sync_models)(ASK_AGAIN_S)
        count = LanguageModel.objects.filter(offered=True).count()
        if known:
            messages.success(request, _("%(count)d models are offered.") % {"count": count})
        else:
            messages.warning(request, _("Not every provider said which models it has; those known stay."))


def _environment() -> list[tuple[str, str, bool]]:
    """What the environment has set up: kind, address, whether there is a key."""
    known = {
        Kind.ANTHROPIC: (settings.ANTHROPIC_BASE_URL or "https://api.anthropic.com", bool(settings.ANTHROPIC_API_KEY)),
        Kind.OPENAI: (settings.OPENAI_BASE_URL or "https://api.openai.com/v1", bool(settings.OPENAI_API_KEY)),
    }
    return [(str(kind.label), *known[kind]) for kind in configured()]
