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
    from chat.models import Generation

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
    for generation in Generation.objects.select_related("message"):
        found.setdefault(str(generation.request_id), []).append(generation)
    return [
        Stored(
            at=time.time(),
            request_id=request_id,
            generations=len(generations),
            prompts=prompts[QUESTION + request_id],
            status=generations[0].status,
            finished_at=generations[0].finished_at.timestamp() if generations[0].finished_at else None,
            text=_text(generations[0]),
            reservations=tuple(states.get(generation.pk, "none") for generation in generations),
            takeovers=generations[0].takeovers,
        )
        for request_id, generations in found.items()
    ]


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


def _text(generation: "Generation") -> str:
    """What this generation wrote of its message."""
    begin = generation.text_start
    return generation.message.text[begin : begin + generation.text_length]


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
