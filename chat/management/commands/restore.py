"""``manage.py restore DIR``: an empty site becomes what a backup holds."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from chat.generating import DataInUse
from chat.generating.lock import DataLock
from config import backup
from config.database_copy import CopyFailed


class Command(BaseCommand):
    help = "Restore a backup into an empty site; nothing is overwritten."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *, folder: Path, **options: Any) -> None:
        lock = DataLock(settings.DATA_DIR)
        try:
            lock.acquire()
            label = backup.restore(folder)
        except (CopyFailed, DataInUse) as error:
            sys.exit(str(error))
        finally:
            lock.release()
        self.stdout.write(f"Restored the backup of {label.made_at}. Now run manage.py migrate, then manage.py serve.")
        if not (folder / backup.KEY).exists():
            self.stdout.write("It holds no secret key: set SECRET_KEY to the one it was made with.")
