"""What happened on one day on the site, with one model, in one group: a year of it can be shown at once."""

from typing import ClassVar

from django.db import models

# Upper bounds of the histograms' buckets; the last bucket of each is beyond them all.
SECONDS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 20, 30, 60, 120)
TOKENS_PER_SECOND = (1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 130, 170, 220, 300)


class DailyRollup(models.Model):
    """Counts of the generations that were asked for on that day, in UTC.

    Histograms add up over days; averages would not. ``key`` is the model's or the group's name, empty for the
    site. Costs are in billionths.
    """

    class Kind(models.TextChoices):
        SITE = "site"
        MODEL = "model"
        GROUP = "group"

    date = models.DateField()
    kind = models.CharField(max_length=5, choices=Kind)
    key = models.CharField(max_length=200, blank=True)
    people = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    interrupted = models.PositiveIntegerField(default=0)
    truncated = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    fallbacks = models.PositiveIntegerField(default=0)
    out_of_budget = models.PositiveIntegerField(default=0)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    cost_nano = models.PositiveBigIntegerField(default=0)
    first_token = models.JSONField(default=list)
    speed = models.JSONField(default=list)
    waiting = models.JSONField(default=list)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["date", "kind", "key"], name="one_rollup_per_day_and_key"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.kind} {self.key}"
