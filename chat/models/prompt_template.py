"""A prompt worth keeping: one's own, or shared with groups or with everybody."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User

MAX_TEXT = 10_000
MOST_OWN = 200


class PromptTemplateQuerySet(models.QuerySet["PromptTemplate"]):
    def visible_to(self, user: "User") -> "PromptTemplateQuerySet":
        """Those the person can use: their own, and what is shared with them."""
        shared = Q(for_everyone=True) | Q(groups__in=user.groups.all())
        return self.filter(Q(owner=user) | shared).distinct().order_by("name", "pk")

    def owned_by(self, user: "User") -> "PromptTemplateQuerySet":
        """Those the person can change."""
        return self.filter(owner=user).order_by("name", "pk")


class PromptTemplate(models.Model):
    """``name`` is what is typed after a slash. Without an owner it is the site's, made in the admin."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="prompt_templates"
    )
    name = models.CharField(
        _("name"),
        max_length=40,
        validators=[RegexValidator(r"\A[\w-]+\Z", _("Letters, digits and hyphens only."))],
        help_text=_("What is typed after the slash, as in /summary."),
    )
    text = models.TextField(_("prompt"), max_length=MAX_TEXT)
    groups = models.ManyToManyField("auth.Group", blank=True, verbose_name=_("shared with groups"), related_name="+")
    for_everyone = models.BooleanField(_("for everybody"), default=False)

    objects = PromptTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("prompt of the library")
        verbose_name_plural = _("prompt library")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return f"/{self.name}"
