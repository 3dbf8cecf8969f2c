"""``manage.py setup_link``: print a fresh link for the first admin; nothing when there is one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import SetupLink


class Command(BaseCommand):
    help = "Print a one-time link that creates the first admin, if there is none yet."

    def handle(self, **options: Any) -> None:
        if path := SetupLink.objects.renew():
            self.stdout.write(f"No admin yet. This link creates the first one, once:\n\n  {settings.SITE_URL}{path}\n")
