"""Makes up people who have asked a lot, in bulk: for measuring, and for looking at full pages."""

import datetime
import random
import uuid
from collections.abc import Iterator

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import Reservation, UsageDay, User

from .models import Conversation, Feedback, Generation, LanguageModel, Message

MARK = "@seeded.example"
DAYS = 90
BATCH = 20_000  # conversations in a transaction
GROUPS = ("Writers", "Engineers", "Support", "Sales")
MODELS = ("large", "small", "old")
WORDS = [
    "the",
    "plan",
    "is",
    "to",
    "write",
    "a",
    "short",
    "note",
    "on",
    "how",
    "our",
    "new",
    "garden",
    "grows",
    "in",
    "spring",
    "when",
    "rain",
    "and",
    "sun",
    "take",
    "turns",
]
Status = Generation.Status
ENDS = (
    [Status.COMPLETED] * 88
    + [Status.CANCELLED] * 5
    + [Status.TRUNCATED] * 3
    + [Status.FAILED] * 3
    + [Status.INTERRUPTED]
)


def seed(users: int, conversations: int, messages: int) -> Iterator[str]:
    """Says in sentences what it has made. Nobody of them can sign in."""
    crowd = Crowd(random.Random(7), users)  # noqa: S311 (the same each time)
    yield f"{users} people in {len(GROUPS)} groups."
    turns = max(messages // conversations // 2, 1)
    for first in range(0, conversations, BATCH):
        count = min(BATCH, conversations - first)
        crowd.talk(count, turns)
        yield f"{first + count} conversations with {(first + count) * turns * 2} messages."
    crowd.point_to_the_newest()
    yield "Done. Run manage.py roll_up for the page of figures."


class Crowd:
    """The people and what they say, from one source of chance."""

    def __init__(self, chance: random.Random, count: int) -> None:
        self._chance = chance
        self._now = timezone.now()
        people = [
            User(email=f"person{n}{MARK}", name=f"Person {n}", password=UNUSABLE_PASSWORD_PREFIX) for n in range(count)
        ]
        self._people: list[User] = User.objects.bulk_create(people, batch_size=1000)
        groups = [Group.objects.get_or_create(name=name)[0] for name in GROUPS]
        joins = [User.groups.through(user_id=one.pk, group_id=chance.choice(groups).pk) for one in self._people]
        User.groups.through.objects.bulk_create(joins, batch_size=5000)
        limits = {"provider": "demo", "context_window": 100_000, "max_output_tokens": 4000, "offered": False}
        self._models = [LanguageModel.objects.get_or_create(name=name, defaults=limits)[0] for name in MODELS]
        self._days: dict[tuple[uuid.UUID, datetime.date], UsageDay] = {}

    @transaction.atomic
    def talk(self, conversations: int, turns: int) -> None:
        """So many more conversations of so many questions and answers."""
        begun = [self._conversation() for _ in range(conversations)]
        Conversation.objects.bulk_create(begun, batch_size=2000)
        messages: list[Message] = []
        generations: list[Generation] = []
        for conversation in begun:
            parent = None
            for n in range(turns):
                at = conversation.created_at + datetime.timedelta(minutes=2 * n)
                prompt = Message(
                    conversation=conversation, parent=parent, role="user", text=self._text(12), created_at=at
                )
                parent = Message(
                    conversation=conversation, parent=prompt, role="assistant", text=self._text(60), created_at=at
                )
                messages += [prompt, parent]
                generations.append(self._generation(conversation, parent, at))
        Message.objects.bulk_create(messages, batch_size=2000)
        Generation.objects.bulk_create(generations, batch_size=1000)
        self._account(generations)
        rated = self._chance.sample(generations, len(generations) // 50)
        Feedback.objects.bulk_create(
            Feedback(
                message=one.message,
                user=one.user,
                value=self._chance.choice(["good", "good", "bad"]),
                created_at=one.created_at,
            )
            for one in rated
        )

    def point_to_the_newest(self) -> None:
        """The active branch of each conversation ends with its newest message."""
        newest = Message.objects.filter(conversation=OuterRef("pk"), role="assistant").order_by("-created_at")
        Conversation.objects.filter(active_leaf=None).update(active_leaf=Subquery(newest.values("pk")[:1]))

    def _conversation(self) -> Conversation:
        at = self._now - datetime.timedelta(seconds=self._chance.uniform(60, DAYS * 86_400))
        owner = self._chance.choice(self._people)
        return Conversation(owner=owner, title=self._text(5).capitalize(), created_at=at, updated_at=at, seen_at=at)

    def _generation(self, conversation: Conversation, answer: Message, at: datetime.datetime) -> Generation:
        started = at + datetime.timedelta(seconds=self._chance.expovariate(10))
        first = started + datetime.timedelta(seconds=self._chance.lognormvariate(-0.5, 0.6))
        output = self._chance.randrange(20, 900)
        model = self._chance.choices(self._models, [5, 4, 1])[0]
        return Generation(
            user=conversation.owner,
            request_id=uuid.uuid4(),
            message=answer,
            language_model=model,
            model=model.name,
            status=self._chance.choice(ENDS),
            finish_reason="stop",
            max_output_tokens=4000,
            input_tokens=self._chance.randrange(50, 4000),
            output_tokens=output,
            text_length=len(answer.text),
            created_at=at,
            started_at=started,
            first_token_at=first,
            finished_at=first + datetime.timedelta(seconds=output / self._chance.uniform(20, 120)),
        )

    def _account(self, generations: list[Generation]) -> None:
        """A day of the ledger for each person and date, and what each answer took of it."""
        fresh: list[UsageDay] = []
        reservations = []
        for one in generations:
            key = (one.user_id, one.created_at.date())
            if key not in self._days:
                start = datetime.datetime.combine(key[1], datetime.time(), datetime.UTC)
                end = start + datetime.timedelta(days=1)
                day = UsageDay(
                    user=one.user, date=key[1], time_zone="UTC", starts_at=start, opened_at=start, ends_at=end
                )
                self._days[key] = day
                fresh.append(day)
        UsageDay.objects.bulk_create(fresh, batch_size=2000)
        for one in generations:
            tokens = one.input_tokens + one.output_tokens
            day = self._days[one.user_id, one.created_at.date()]
            day.used += tokens
            reservations.append(
                Reservation(
                    generation_id=one.pk,
                    user=one.user,
                    usage_day=day,
                    state="settled",
                    amount=tokens + 1000,
                    max_output_tokens=1000,
                    settled_amount=tokens,
                    input_tokens=one.input_tokens,
                    output_tokens=one.output_tokens,
                    model=one.model,
                    cost_nano=tokens * 2000,
                    created_at=one.created_at,
                    settled_at=one.finished_at,
                )
            )
        Reservation.objects.bulk_create(reservations, batch_size=1000)
        touched = {(one.user_id, one.created_at.date()) for one in generations}
        UsageDay.objects.bulk_update([self._days[key] for key in touched], ["used"], batch_size=400)

    def _text(self, words: int) -> str:
        return " ".join(self._chance.choices(WORDS, k=words))
