"""``manage.py seed``: fill an empty database with people, conversations and messages, to see how it does with many."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from chat.seeding import MARK, seed


class Command(BaseCommand):
    help = "Make up people, conversations and messages. Not for a site that people use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--users", type=int, default=5000)
        parser.add_argument("--conversations", type=int, default=100_000)
        parser.add_argument("--messages", type=int, default=1_000_000)

    def handle(self, *, users: int, conversations: int, messages: int, **options: Any) -> None:
        if min(users, conversations) < 1 or messages < 2 * conversations:
            raise CommandError("There must be a person, a conversation, and two messages for each conversation.")
        if User.objects.filter(email__endswith=MARK).exists():
            raise CommandError("This database has been seeded already.")
        for sentence in seed(users, conversations, messages):
            self.stdout.write(sentence)
