"""``manage.py create_admin --email E --password-stdin``: an admin without a browser."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.forms import NewAdminForm
from accounts.models import User


class Command(BaseCommand):
    help = "Create an admin; the password is read from the first line of standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--password-stdin", action="store_true", required=True, help="the only way, on purpose")

    def handle(self, *, email: str, **options: Any) -> None:
        if User.objects.admins().filter(email=email.strip().lower()).exists():
            self.stdout.write(f"{email} is an admin already; nothing was changed.")
            return
        form = NewAdminForm({"email": email, "password": sys.stdin.readline().rstrip("\r\n")})
        if not form.is_valid():
            sys.exit(
                "\n".join(f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
            )
        User.objects.create_superuser(**form.cleaned_data)
        self.stdout.write(f"{form.cleaned_data['email']} is now an admin.")
