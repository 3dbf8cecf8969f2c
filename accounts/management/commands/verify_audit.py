"""``manage.py verify_audit``: says whether the audit log is as it was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import AuditEntry


class Command(BaseCommand):
    help = "Says whether the audit log is as it was written, and prints its anchor: keep that somewhere else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", help="number:hash as printed earlier; that entry must still be there")

    def handle(self, *args: Any, anchor: str | None = None, **options: Any) -> None:
        verdict = AuditEntry.objects.verify()
        if verdict.problem:
            raise CommandError(f"{verdict.problem} The {verdict.count} before it are as they were written.")
        if anchor:
            number, _colon, digest = anchor.partition(":")
            if not number.isdecimal() or not digest:
                raise CommandError(f"An anchor is number:hash, not “{anchor}”.")
            if number != "0" and not AuditEntry.objects.filter(position=int(number), hash=digest).exists():
                raise CommandError(f"Entry {number} is not the one that was there: the log has been written anew.")
        self.stdout.write(f"{verdict.count} entries, all as they were written. Anchor: {verdict.count}:{verdict.hash}")
