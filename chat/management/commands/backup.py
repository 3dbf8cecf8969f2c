"""``manage.py backup DIR``: the database, the uploads and the secret key, in a new folder, while the site runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from config import backup
from config.database_copy import CopyFailed


class Command(BaseCommand):
    help = "Back up everything that matters into a new folder; the site may be in use."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            backup.back_up(folder)
        except CopyFailed as error:
            sys.exit(str(error))
        self.stdout.write(f"The backup is in {folder}. Who can read it can read every conversation: keep it safe.")
