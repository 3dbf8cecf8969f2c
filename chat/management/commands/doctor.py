"""``manage.py doctor``: is everything as it should be? In sentences; the exit code is 1 when something is not."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from chat import doctor


class Command(BaseCommand):
    help = "Look at settings, data folder, database, static files and providers."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        unwell = 0
        for finding in doctor.examine():
            self.stdout.write(f"{'✓' if finding.well else '✗'} {finding.sentence}")
            unwell += not finding.well
        sys.exit(1 if unwell else 0)
