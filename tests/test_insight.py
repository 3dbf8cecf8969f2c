"""The page of figures: what was counted of a day, percentiles, charts, and a file for spreadsheets."""

import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import budgets
from accounts.costs import Prices
from accounts.models import AuditEntry, Reservation, User
from chat.insight import Insight, percentile
from chat.models import Conversation, DailyRollup, Feedback, Generation, LanguageModel, Message
from chat.rolling_up import roll_up, stale_days

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 3, 5, 12, tzinfo=datetime.UTC)
Generate = Callable[..., Generation]


@pytest.fixture
def as_grace(client: Client, grace: User) -> Client:
    client.force_login(grace, backend=BACKEND)
    return client


@pytest.fixture
def generate() -> Generate:
    """An answer that was asked for at noon: ``generate(alice, "m", first=0.4, speed=50)``."""

    def make(user: User, model: str, *, at: datetime.datetime = NOON, first: float = 0.4, **fields: Any) -> Generation:
        limits = {"provider": "demo", "context_window": 9000, "max_output_tokens": 100}
        wanted, _made = LanguageModel.objects.get_or_create(name=fields.pop("wanted", model), defaults=limits)
        answer = Message.objects.create(conversation=Conversation.objects.create(owner=user), role="assistant")
        first_at = at + datetime.timedelta(seconds=2 + first)
        made = Generation.objects.create(
            **{
                "user": user,
                "request_id": uuid.uuid4(),
                "message": answer,
                "language_model": wanted,
                "model": model,
                "status": "completed",
                "max_output_tokens": 100,
                "output_tokens": 100,
                "created_at": at,
                "started_at": at + datetime.timedelta(seconds=2),
                "first_token_at": first_at,
                "finished_at": first_at + datetime.timedelta(seconds=2),
            }
            | fields
        )
        prices = Prices(Decimal(1), Decimal(1), Decimal(1))
        budgets.reserve(user, made.pk, input_tokens=100, max_output_tokens=100, prices=prices)
        Reservation.objects.settle(made.pk, input_tokens=50, output_tokens=100, estimated=False, model=model)
        Reservation.objects.filter(pk=made.pk).update(created_at=at, cost_nano=2 * 10**9)
        return made

    return make


def test_a_day_is_counted(alice: User, bob: User, generate: Generate) -> None:
    group = Group.objects.create(name="Writers")
    alice.groups.add(group)
    generate(alice, "one")
    generate(alice, "one", status="cancelled")
    generate(bob, "two", wanted="one")
    liked = generate(bob, "one", status="failed")
    Feedback.objects.create(message=liked.message, user=bob, value="good", created_at=NOON)
    generate(bob, "one", at=NOON + datetime.timedelta(days=1))
    roll_up(NOON.date())
    day = Insight.of(NOON.date(), NOON.date())
    site = day.site
    assert (site.answers, site.cancelled, site.failed, site.fallbacks, site.good) == (4, 1, 1, 1, 1)
    assert (site.tokens, site.cost) == (4 * 150, 8.0)
    assert {one.name: one.answers for one in day.models} == {"one": 3, "two": 1}
    assert {one.name: (one.answers, one.tokens) for one in day.groups} == {"Writers": (2, 300)}
    assert DailyRollup.objects.get(kind="site").people == 2
    assert site.first_token_p50 is not None and 0.3 <= site.first_token_p50 <= 0.5
    assert site.waiting_p50 is not None and 1.5 <= site.waiting_p50 <= 3
    assert site.speed_p50 is not None and 40 <= site.speed_p50 <= 60


def test_counting_again_changes_nothing(alice: User, generate: Generate) -> None:
    generate(alice, "one")
    roll_up(NOON.date())
    before = list(DailyRollup.objects.order_by("kind", "key").values("kind", "key", "answers", "first_token"))
    call_command("roll_up")
    assert list(DailyRollup.objects.filter(date=NOON.date()).order_by("kind", "key").values(*before[0])) == before


def test_what_may_have_changed_is_counted_again(alice: User, generate: Generate) -> None:
    today = timezone.now()
    generate(alice, "one", at=today - datetime.timedelta(days=3))
    days = stale_days()
    assert (days[0], days[-1]) == ((today - datetime.timedelta(days=3)).date(), today.date())
    for day in days:
        roll_up(day)
    assert stale_days() == []
    long_ago = today - datetime.timedelta(days=2)
    DailyRollup.objects.update(updated_at=long_ago)
    assert stale_days()[-1] == today.date()
    assert stale_days()[0] >= (today - datetime.timedelta(days=3)).date()


def test_histograms_add_up_over_days(alice: User, generate: Generate) -> None:
    next_day = NOON + datetime.timedelta(days=1)
    for at, first in [(NOON, 0.15)] * 19 + [(next_day, 25.0)]:
        generate(alice, "one", at=at, first=first)
    roll_up(NOON.date())
    roll_up(next_day.date())
    site = Insight.of(NOON.date(), next_day.date()).site
    assert site.first_token_p50 is not None and site.first_token_p50 < 0.2
    assert site.first_token_p95 is not None and site.first_token_p95 <= 0.2
    assert percentile(site.first_token, [*range(17)], 1.0) is not None


@pytest.mark.parametrize(
    ("histogram", "share", "expected"),
    [([0, 0, 0], 0.5, None), ([10, 0, 0], 0.5, 0.5), ([5, 5, 0], 0.9, 1.8), ([0, 0, 4], 0.5, 3.0), ([], 0.5, None)],
)
def test_percentiles(histogram: list[int], share: float, expected: float | None) -> None:
    found = percentile(histogram, [1, 2], share)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_model_whose_answers_people_stop_is_failing(as_grace: Client, alice: User, generate: Generate) -> None:
    now = timezone.now()
    for n in range(20):
        generate(alice, "bad one", at=now, status="cancelled" if n < 8 else "completed")
    roll_up(now.date())
    page = as_grace.get("/admin/insight/").content.decode()
    assert "it is failing them" in page
    assert "40 %" in page


def test_the_page_costs_the_same_however_much_there_is(
    as_grace: Client, alice: User, generate: Generate, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        generate(alice, f"model {n}", at=timezone.now())
    roll_up(timezone.now().date())
    with django_assert_max_num_queries(16):
        assert as_grace.get("/admin/insight/?days=365").status_code == 200


def test_hostile_names_are_inert_on_the_page_and_in_the_file(as_grace: Client, alice: User, generate: Generate) -> None:
    for name in ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "@SUM(1)"):
        generate(alice, name, at=timezone.now())
    roll_up(timezone.now().date())
    assert b"<script>alert(1)" not in as_grace.get("/admin/insight/").content
    file = as_grace.get("/admin/insight/?days=7&format=csv")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert ",'=cmd" in file.content.decode() and ",'@SUM" in file.content.decode()
    assert AuditEntry.objects.filter(action="insight.exported").count() == 1


@pytest.mark.parametrize(
    "query",
    ["?days=9999999", "?first=x&last=y", "?first=2026-01-05&last=2026-01-01", "?first=1000-01-01&last=2026-01-01"],
)
def test_wrong_ranges_are_answered(as_grace: Client, query: str) -> None:
    assert as_grace.get(f"/admin/insight/{query}").status_code == 200


def test_it_is_for_those_who_may(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(alice, backend=BACKEND)
    assert client.get("/admin/insight/").status_code == 403
    alice.user_permissions.add(Permission.objects.get(codename="view_dailyrollup"))
    assert client.get("/admin/insight/").status_code == 200


def test_an_empty_database_can_be_filled() -> None:
    call_command("seed", "--users", "3", "--conversations", "4", "--messages", "24", verbosity=0)
    call_command("roll_up")
    assert (User.objects.count(), Conversation.objects.count(), Message.objects.count()) == (3, 4, 24)
    assert not Conversation.objects.filter(active_leaf=None).exists()
    assert sum(DailyRollup.objects.filter(kind="site").values_list("answers", flat=True)) == 12
