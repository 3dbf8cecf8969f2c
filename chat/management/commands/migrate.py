"""Django's ``migrate``, by one process at a time and with as much time as it takes."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connection


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(hashtext('parley:migrate'))")
        try:
            super().handle(*args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('parley:migrate'))")
                cursor.execute("RESET statement_timeout")
                cursor.execute("RESET lock_timeout")
