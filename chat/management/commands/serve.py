"""The production server: ``manage.py serve [--host] [--port] [--fd]``."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config import server
from config.database import unreachable


class Command(BaseCommand):
    help = "Serve the site from this process; SIGTERM drains."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--fd", type=int, help="a listening socket opened by a supervisor")
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date first")

    def handle(self, *, host: str, port: int, fd: int | None, migrate: bool, **options: Any) -> None:
        if _is_behind():
            if not migrate:
                sys.exit("The database is not up to date: run manage.py migrate first.")
            call_command("migrate", interactive=False, verbosity=0)
        try:
            listening = server.listen(host, port) if fd is None else server.adopt(fd)
        except (OSError, OverflowError) as error:
            sys.exit(f"HOST and PORT: cannot listen on {f'{host}:{port}' if fd is None else f'--fd {fd}'} ({error}).")
        connection.close()
        server.Server(server.config()).run(sockets=[listening])


def _is_behind() -> bool:
    """Are there migrations that the database has not had?"""
    if reason := unreachable(connection):
        sys.exit(f"DATABASE_URL: the database cannot be used ({reason}).")
    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        sys.exit(f"DATABASE_URL: the database cannot be used ({error}).")
