"""The tokens held for one generation until it ends, then the record of what it used and cost."""

import datetime
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from accounts.costs import Prices
from config.statements import Insert, Select, Update, argument, arguments

from .cost_month import CostMonth
from .usage_day import UsageDay

if TYPE_CHECKING:
    from .user import User


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def held(self) -> "ReservationQuerySet":
        return self.filter(state=Reservation.State.HELD)

    def stale(self, before: datetime.datetime) -> "ReservationQuerySet":
        """Still held, and made before that moment: perhaps of a process that is gone."""
        return self.held().filter(created_at__lt=before)

    def by_day_and_model(self, user: "User") -> "models.QuerySet[Reservation, Any]":
        """What a person used, for each of their days and each model that spoke, the newest first.

        Rows: ``date``, ``model``, ``answers``, ``tokens`` (as charged), ``input``, ``output``, ``cached``, ``cost``
        (in billionths).
        """
        settled = self.filter(user=user, state=Reservation.State.SETTLED)
        return (
            settled.values("model", date=F("usage_day__date"))
            .annotate(
                answers=Count("pk"),
                tokens=Sum("settled_amount"),
                input=Sum("input_tokens"),
                output=Sum("output_tokens"),
                cached=Sum("cached_input_tokens"),
                cost=Sum("cost_nano"),
            )
            .order_by("-date", "model")
        )

    def settle(
        self,
        generation_id: uuid.UUID,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_input_tokens: int = 0,
        estimated: bool,
        model: str = "",
        prices: Prices | None = None,
    ) -> bool:
        """``Reservation.settle`` by key. Raises DoesNotExist: no call goes without a reservation."""
        return self._of(generation_id).settle(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_input_tokens=cached_input_tokens,
            estimated=estimated,
            model=model,
            prices=prices,
        )

    def release(self, generation_id: uuid.UUID) -> bool:
        """``Reservation.release`` by key. Raises DoesNotExist."""
        return self._of(generation_id).release()

    def _of(self, generation_id: uuid.UUID) -> "Reservation":
        found = ONE.first(pk=generation_id)
        if found is None:
            raise Reservation.DoesNotExist
        return found


class Reservation(models.Model):
    """Held, then settled or released: once ever. It stays on the day on which the generation was asked for.

    ``max_output_tokens`` is the output limit that was granted: what is sent upstream and where our own
    count cuts the stream. Costs are in billionths of the currency the prices are in.
    """

    class State(models.TextChoices):
        HELD = "held"
        SETTLED = "settled"
        RELEASED = "released"

    generation_id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reservations")
    usage_day = models.ForeignKey(UsageDay, on_delete=models.CASCADE, related_name="reservations")
    state = models.CharField(max_length=8, choices=State, default=State.HELD)
    amount = models.PositiveBigIntegerField()
    max_output_tokens = models.PositiveBigIntegerField()
    settled_amount = models.PositiveBigIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cached_input_tokens = models.PositiveBigIntegerField(default=0)
    estimated = models.BooleanField(default=True)
    model = models.CharField(max_length=200, blank=True, help_text="name of the model that spoke")
    cost_amount_nano = models.PositiveBigIntegerField(default=0, help_text="the most it can cost")
    cost_nano = models.PositiveBigIntegerField(default=0)
    cost_months = models.ManyToManyField(CostMonth, related_name="reservations")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reservation_settles_within_its_amount",
                condition=Q(settled_amount__gte=0, settled_amount__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="reservation_state_says_what_it_used",
                condition=Q(state="settled", settled_at__isnull=False)
                | Q(state="released", settled_at__isnull=False, settled_amount=0)
                | Q(state="held", settled_at__isnull=True, settled_amount=0),
            ),
            models.CheckConstraint(
                name="reservation_counts_are_possible",
                condition=Q(cached_input_tokens__lte=F("input_tokens"), max_output_tokens__lte=F("amount")),
            ),
        ]
        indexes: ClassVar = [
            # Whole: SQLite uses no index on a part of the table when the state is a parameter.
            models.Index(fields=["state", "-created_at", "-generation_id"], name="reservations_by_state"),
            models.Index(fields=["-created_at", "-generation_id"], name="reservations_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} {self.state} {self.amount}"

    def store(self) -> "Reservation":
        """It is new."""
        INSERT.run(self)
        return self

    def settle(
        self,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_input_tokens: int = 0,
        estimated: bool,
        model: str = "",
        prices: Prices | None = None,
    ) -> bool:
        """Charge what was used, never more than was reserved; False when it had ended already.

        Each count is brought between 0 and the amount before it is stored. ``prices`` are those of the model
        that spoke.
        """
        read, written = self._within(input_tokens), self._within(output_tokens)
        cached = min(read, self._within(cached_input_tokens))
        charge = read - cached + -(-cached * settings.CACHED_INPUT_PERCENT // 100) + written
        return self._end(
            state=self.State.SETTLED,
            settled_amount=self._within(charge),
            input_tokens=read,
            output_tokens=written,
            cached_input_tokens=cached,
            estimated=estimated,
            model=model,
            cost_nano=self._cost(prices, read, written, cached),
        )

    def release(self) -> bool:
        """Give everything back: there was no call. False when it had ended already."""
        return self._end(
            state=self.State.RELEASED,
            settled_amount=0,
            input_tokens=0,
            output_tokens=0,
            cached_input_tokens=0,
            estimated=True,
            model="",
            cost_nano=0,
        )

    def _cost(self, prices: Prices | None, read: int, written: int, cached: int) -> int:
        if prices is None:
            return 0
        cost = prices.cost_nano(input_tokens=read, output_tokens=written, cached_input_tokens=cached)
        return min(cost, self.cost_amount_nano)

    def _within(self, tokens: int) -> int:
        return min(max(0, tokens), self.amount)

    def _end(self, *, settled_amount: int, cost_nano: int, **fields: object) -> bool:
        """The one move out of ``held``; whoever changes the row also moves the tokens."""
        fields |= {"settled_amount": settled_amount, "cost_nano": cost_nano, "settled_at": timezone.now()}
        with transaction.atomic(savepoint=False):
            if not END.run(pk=self.pk, **fields):
                return False
            UsageDay(pk=self.usage_day_id).charge(settled_amount, held=self.amount)
            if self.cost_amount_nano:
                for month in CostMonth.objects.held_for(self.pk):
                    month.charge(cost_nano, held_nano=self.cost_amount_nano)
        for name, value in fields.items():
            setattr(self, name, value)
        return True


ENDING = (
    *("state", "settled_amount", "input_tokens", "output_tokens", "cached_input_tokens", "estimated", "model"),
    *("cost_nano", "settled_at"),
)
INSERT = Insert(Reservation)
ONE = Select(lambda: Reservation.objects.filter(pk=argument("pk", Reservation)))
END = Update(
    lambda: (Reservation.objects.held().filter(pk=argument("pk", Reservation)), arguments(Reservation, ENDING))
)
