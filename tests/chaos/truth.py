"""Looks into the database beside everything that happens; run as a process of its own.

Prints what each person's account says, several times a second; when its input ends, all that is stored.
"""

import os
import selectors
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import django
import msgspec

from .evidence import Ledger, Note, Polled, Stored

if TYPE_CHECKING:
    from chat.models import Generation, Message

EVERY_S = 0.2
QUESTION = "Question "


def poll() -> list[Polled]:
    from accounts.models import UsageDay

    at = time.time()
    return [
        Polled(at=at, user=str(day.user_id), used=day.used, reserved=day.reserved, limit=day.limit)
        for day in UsageDay.objects.all()
    ]


def stored() -> list[Stored]:
    from accounts.models import Reservation
    from chat.models import Generation, Message

    prompts = Counter(Message.objects.filter(role="user").values_list("text", flat=True))
    states = dict(Reservation.objects.values_list("pk", "state"))
    found: dict[str, list[Generation]] = {}
    for generation in Generation.objects.select_related("message__parent__parent__parent"):
        found.setdefault(str(generation.request_id), []).append(generation)
    return [
        _stored(generations, prompts[QUESTION + request_id], [states.get(one.pk, "none") for one in generations])
        for request_id, generations in found.items()
    ]


def _stored(generations: "list[Generation]", prompts: int, reservations: list[str]) -> Stored:
    first = generations[0]
    message = first.message
    question = message.parent
    before = question.parent if question else None
    return Stored(
        at=time.time(),
        request_id=str(first.request_id),
        generations=len(generations),
        prompts=prompts,
        status=first.status,
        finish_reason=first.finish_reason or first.error_code,
        asked_at=first.created_at.timestamp(),
        finished_at=first.finished_at.timestamp() if first.finished_at else None,
        text=message.text[first.text_start : first.text_start + first.text_length],
        reservations=tuple(reservations),
        takeovers=first.takeovers,
        question=_asked_by(question),
        follows=_asked_by(before.parent if before else None),
        conversation=str(message.conversation_id),
        message=str(message.pk),
        begin=first.text_start,
        message_length=len(message.text),
    )


def _asked_by(question: "Message | None") -> str:
    """The request that a question came with, which it says itself."""
    return question.text.removeprefix(QUESTION) if question else ""


def ledgers() -> list[Ledger]:
    from django.db.models import Sum

    from accounts.models import Reservation, UsageDay

    settled = dict(
        Reservation.objects.filter(state="settled").values_list("user").annotate(total=Sum("settled_amount"))
    )
    days = UsageDay.objects.values_list("user").annotate(used=Sum("used"), reserved=Sum("reserved"))
    return [
        Ledger(at=time.time(), user=str(user), used=used, reserved=reserved, settled=settled.get(user, 0))
        for user, used, reserved in days
    ]


def say(notes: Iterable[Note]) -> None:
    sys.stdout.buffer.write(b"".join(msgspec.json.encode(note) + b"\n" for note in notes))
    sys.stdout.buffer.flush()


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.db import DatabaseError, connection

    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    while not selector.select(EVERY_S):
        try:
            say(poll())
        except DatabaseError:  # it is one of those that are hit: the next look has a new connection
            connection.close()
    say([*stored(), *ledgers()])


if __name__ == "__main__":
    main()
