"""The one-time link with which whoever reads the server's output creates the first admin."""

import secrets

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.digests import digest

from .user import User


class SetupLinkManager(models.Manager["SetupLink"]):
    @transaction.atomic
    def renew(self) -> str:
        """The path of a fresh link, which ends the earlier one; empty when there is an admin."""
        self.all().delete()
        if User.objects.admins().exists():
            return ""
        token = secrets.token_urlsafe(32)
        self.create(digest=digest(token))
        return reverse("account_setup", args=[token])

    def alive(self, token: str) -> bool:
        return self.filter(digest=digest(token)).exists() and not User.objects.admins().exists()

    @transaction.atomic
    def use(self, token: str, *, email: str, password: str) -> User | None:
        """Create the admin. None when the link is spent: the deletion decides who was first."""
        deleted, _ = self.filter(digest=digest(token)).delete()
        if not deleted or User.objects.admins().exists():
            return None
        return User.objects.create_superuser(email, password)


class SetupLink(models.Model):
    """At most one row; the token itself is kept nowhere."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SetupLinkManager()

    def __str__(self) -> str:
        return f"setup link of {self.created_at}"
