"""``manage.py roll_up``: count the days of the insight page anew, from all that is stored."""

import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Min
from django.utils import timezone

from chat.models import Generation
from chat.rolling_up import roll_up


class Command(BaseCommand):
    help = "Count the daily roll-ups anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, help="only so many, up to today; else all there are")

    def handle(self, *, days: int | None, **options: Any) -> None:
        today = timezone.now().date()
        first = Generation.objects.aggregate(at=Min("created_at"))["at"]
        since = first.astimezone(datetime.UTC).date() if first else today
        if days is not None:
            since = max(since, today - datetime.timedelta(days=days - 1))
        for n in range((today - since).days + 1):
            roll_up(since + datetime.timedelta(days=n))
        self.stdout.write(f"Counted {(today - since).days + 1} days.")
