"""``python -m bench.long_thread``: opening a conversation of 2,000 messages, and loading what is older."""

import re
import statistics
import time
from collections.abc import Callable
from typing import Any

from .report import Report
from .scratch import scratch_database

MESSAGES = 2000
OTHERS = 400  # conversations in the sidebar
ROUNDS = 15


def main() -> None:
    report = Report("long thread")
    with scratch_database():
        from django.core.management import call_command
        from django.test import Client

        from accounts.models import User
        from chat.models import Conversation

        call_command("collectstatic", interactive=False, verbosity=0)
        alice = User.objects.create_user("alice@example.org", time_zone="UTC")
        for n in range(OTHERS):
            Conversation.objects.create(owner=alice, title=f"Talk {n}")
        talk = fill(alice)
        client = Client(headers={"host": "127.0.0.1:8000"})
        client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(f"/c/{talk.pk}/").content.decode()
        older = re.findall(r'hx-get="([^"]+/before/[^"]+)"', page)[0]
        middle = talk.messages.order_by("created_at")[MESSAGES // 2]
        for what, path in {
            "opening it": f"/c/{talk.pk}/",
            "opening it in the middle": f"/c/{talk.pk}/?message={middle.pk}",
            "the window before": older,
            "one message": f"/messages/{middle.pk}/",
            "the sidebar": "/conversations/",
        }.items():
            size = len(client.get(path).content)
            taken = milliseconds(lambda path=path: client.get(path))  # type: ignore[misc]
            report.say(what, taken, "ms")
            report.say(f"{what}: size", size / 1000, "KB")
        started = time.perf_counter()
        talk.delete()
        report.say("deleting it for good", (time.perf_counter() - started) * 1000, "ms")
    report.save()


def milliseconds(act: Callable[[], Any]) -> float:
    """The median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def fill(user: Any) -> Any:
    """A conversation of prompts and answers in turn, each answer with its generation."""
    import datetime
    import uuid

    from django.utils import timezone

    from chat.models import Conversation, Generation, Message

    talk = Conversation.objects.create(owner=user, title="Long")
    begun = timezone.now() - datetime.timedelta(days=1)
    messages: list[Message] = []
    for n in range(MESSAGES):
        role = "assistant" if n % 2 else "user"
        text = f"This is message {n}. " + "It has some words, as messages do. " * 20
        parent = messages[-1].pk if messages else None
        created_at = begun + datetime.timedelta(seconds=n)
        messages.append(Message(conversation=talk, parent_id=parent, role=role, text=text, created_at=created_at))
    Message.objects.bulk_create(messages, batch_size=500)
    Generation.objects.bulk_create(
        Generation(
            user=user,
            request_id=uuid.uuid4(),
            message=message,
            model="m",
            status="completed",
            max_output_tokens=100,
            finished_at=begun,
        )
        for message in messages[1::2]
    )
    talk.touch(messages[-1])
    return talk


if __name__ == "__main__":
    main()
