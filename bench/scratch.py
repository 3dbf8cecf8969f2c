"""A migrated database of its own for a benchmark, gone afterwards."""

import contextlib
import os
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def scratch_database() -> Iterator[None]:
    """Sets Django up on it: nothing of the application may have been imported before."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"ENV_FILE": "", "DATA_DIR": folder, "DATABASE_URL": "", "DEBUG": "0"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        try:
            yield
        finally:
            connections.close_all()
