"""A provider that an admin has connected: where it is, and the key that is for that address alone."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from config import sealing
from config.environment import is_http

from .rates import Rates

HOSTED = {"anthropic": "https://api.anthropic.com", "openai": "https://api.openai.com/v1"}


def validate_address(url: str) -> None:
    parts = urlsplit(url)
    if not is_http(url) or parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError(_("This must be a full http:// or https:// address, without a name or a key in it."))


class ProviderConnection(Rates):
    """``sealed_key`` holds the key and the origin it was given for: at any other address it is not used.

    ``revision`` counts the changes: a process that holds another one makes a new object for the provider.
    """

    class Kind(models.TextChoices):
        ANTHROPIC = "anthropic", "Anthropic"
        OPENAI = "openai", _("OpenAI, or a server that speaks its protocol")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    base_url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        validators=[validate_address],
        help_text=_("Empty: the provider's own. A server such as vLLM: http://host:8000/v1"),
    )
    model_names = models.TextField(
        _("models"), blank=True, help_text=_("One id a line. Empty: the provider is asked which it has.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    sealed_key = models.TextField(blank=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("provider connection")
        verbose_name_plural = _("provider connections")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        return self.base_url.rstrip("/") or HOSTED[self.kind]

    @property
    def origin(self) -> str:
        """Scheme, host and port, which a key is bound to."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def key(self) -> str:
        """The key; empty when there is none for this address, or none that can be read."""
        try:
            origin, _newline, key = sealing.unseal(self.sealed_key).partition("\n") if self.sealed_key else ("", "", "")
        except sealing.Unreadable:
            return ""
        return key if origin == self.origin else ""

    @property
    def names(self) -> list[str]:
        return [name for line in self.model_names.splitlines() if (name := line.strip())]

    def take_key(self, key: str) -> None:
        """Keep this key, for the address there is now; an empty one is forgotten."""
        self.sealed_key = sealing.seal(f"{self.origin}\n{key}") if key else ""

    def reseal(self) -> None:
        """Seal the key with today's secret key, when it can be read."""
        try:
            fresh = sealing.resealed(self.sealed_key)
        except sealing.Unreadable:
            return
        ProviderConnection.objects.filter(pk=self.pk, sealed_key=self.sealed_key).update(sealed_key=fresh)
