"""The person's own day: local midnights, daylight saving, and that no change of zone brings a budget nearer."""

import datetime
import zoneinfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from accounts.models import UsageDay, User

HOUR = datetime.timedelta(hours=1)
AWKWARD = [
    "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Chatham", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Africa/Cairo", "Asia/Beirut", "America/Havana", "Atlantic/Azores", "America/Santiago", "America/Nuuk",
    "Africa/Casablanca", "America/St_Johns", "Europe/Berlin", "Asia/Kolkata", "UTC", "No/Such_Zone", "",
]  # fmt: skip
zones = st.sampled_from(AWKWARD) | st.sampled_from(sorted(zoneinfo.available_timezones()))
instants = st.datetimes(datetime.datetime(2024, 1, 1), datetime.datetime(2029, 1, 1), timezones=st.just(datetime.UTC))
waits = st.integers(0, 60 * 60).map(lambda minutes: datetime.timedelta(minutes=minutes))


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def day(zone: str, now: datetime.datetime, latest: UsageDay | None = None) -> UsageDay:
    return UsageDay.current(User(time_zone=zone), latest, now)


@given(zones, instants)
@settings(max_examples=1000, deadline=None)
def test_a_day_is_from_local_midnight_to_local_midnight(name: str, now: datetime.datetime) -> None:
    zone = User(time_zone=name).zone
    today = day(name, now)
    assert today.starts_at <= now < today.ends_at
    assert now.astimezone(zone).date() == today.date
    instant = datetime.timedelta(microseconds=1)
    assert (today.starts_at - instant).astimezone(zone).date() < today.date == today.starts_at.astimezone(zone).date()
    assert (today.ends_at - instant).astimezone(zone).date() == today.date < today.ends_at.astimezone(zone).date()


@given(zones, instants, st.lists(waits, min_size=1, max_size=20))
@settings(max_examples=300, deadline=None)
def test_whoever_stays_gets_a_new_budget_at_each_local_midnight(
    zone: str, now: datetime.datetime, steps: list[datetime.timedelta]
) -> None:
    latest: UsageDay | None = None
    for wait in steps:
        now += wait
        fresh = day(zone, now)
        latest = day(zone, now, latest)
        assert (latest.date, latest.starts_at, latest.ends_at) == (fresh.date, fresh.starts_at, fresh.ends_at)


@given(instants, st.lists(st.tuples(zones, waits), min_size=2, max_size=30))
@example(at("2026-11-20T09:59+00:00"), [(zone, HOUR) for zone in AWKWARD * 3])
@settings(max_examples=1000, deadline=None)
def test_no_change_of_zone_yields_two_budgets_within_20_hours(
    now: datetime.datetime, journey: list[tuple[str, datetime.timedelta]]
) -> None:
    latest: UsageDay | None = None
    for zone, wait in journey:
        now += wait
        before, latest = latest, day(zone, now, latest)
        if before is None or before is latest:
            continue
        assert latest.date > before.date
        assert latest.starts_at - before.starts_at >= 20 * HOUR
        assert now >= before.ends_at, "the change did not end the day before its own midnight"
        if latest.time_zone != before.time_zone:
            assert latest.opened_at - before.opened_at >= 20 * HOUR


@given(zones, zones, instants)
@settings(max_examples=300, deadline=None)
def test_the_change_itself_never_ends_a_day(home: str, abroad: str, now: datetime.datetime) -> None:
    assume(User(time_zone=home).zone != User(time_zone=abroad).zone)
    today = day(home, now)
    for hours in range(20):
        assert day(abroad, now + hours * HOUR, today) is today
    assert today.ends_in(User(time_zone=abroad).zone) - now <= 50 * HOUR


@given(zones, zones, instants)
@settings(max_examples=200, deadline=None)
def test_some_days_after_a_journey_days_begin_at_midnight_again(home: str, abroad: str, now: datetime.datetime) -> None:
    latest = day(home, now)
    for hours in range(0, 12 * 24, 3):
        latest = day(abroad, now + hours * HOUR, latest)
    fresh = day(abroad, now + hours * HOUR)
    assert (latest.date, latest.starts_at, latest.ends_at) == (fresh.date, fresh.starts_at, fresh.ends_at)


@pytest.mark.parametrize(
    ("zone", "now", "starts", "ends"),
    [
        ("Europe/Berlin", "2026-03-29T12:00+00:00", "2026-03-28T23:00+00:00", "2026-03-29T22:00+00:00"),  # 23 h
        ("Europe/Berlin", "2026-10-25T12:00+00:00", "2026-10-24T22:00+00:00", "2026-10-25T23:00+00:00"),  # 25 h
        ("Asia/Kathmandu", "2026-05-01T18:14+00:00", "2026-04-30T18:15+00:00", "2026-05-01T18:15+00:00"),
        ("Australia/Lord_Howe", "2026-10-03T20:00+00:00", "2026-10-03T13:30+00:00", "2026-10-04T13:00+00:00"),
        ("Africa/Cairo", "2026-04-24T12:00+00:00", "2026-04-23T22:00+00:00", "2026-04-24T21:00+00:00"),  # no 00:00
        ("America/Havana", "2026-11-01T04:30+00:00", "2026-11-01T04:00+00:00", "2026-11-02T05:00+00:00"),  # two
        ("No/Such_Zone", "2026-05-01T18:14+00:00", "2026-05-01T00:00+00:00", "2026-05-02T00:00+00:00"),
    ],
)
def test_days_of_daylight_saving_and_of_half_hours(zone: str, now: str, starts: str, ends: str) -> None:
    today = day(zone, at(now))
    assert (today.starts_at, today.ends_at) == (at(starts), at(ends))


def test_a_flight_from_berlin_to_new_york_resets_at_midnight_in_new_york() -> None:
    today = day("Europe/Berlin", at("2026-11-20T07:00+00:00"))
    assert today.ends_in(zoneinfo.ZoneInfo("America/New_York")) == at("2026-11-21T00:00-05:00")
