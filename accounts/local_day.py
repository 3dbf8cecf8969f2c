"""Where a person's day begins and ends: local midnights as instants in UTC."""

import datetime
from zoneinfo import ZoneInfo


def midnight(date: datetime.date, in_zone: ZoneInfo) -> datetime.datetime:
    """The instant at which the date begins. Where clocks skip midnight it is the moment they are put forward;
    where they show it twice, the first."""
    return datetime.datetime.combine(date, datetime.time(), in_zone).astimezone(datetime.UTC)


def last_midnight(now: datetime.datetime, in_zone: ZoneInfo) -> datetime.datetime:
    """The latest local midnight that is not after ``now``."""
    begins = midnight(now.astimezone(in_zone).date(), in_zone)
    return begins if begins <= now else midnight(_shifted(now, in_zone, -1), in_zone)


def next_midnight(now: datetime.datetime, in_zone: ZoneInfo) -> datetime.datetime:
    """The first local midnight after ``now``."""
    begins = midnight(_shifted(now, in_zone, 1), in_zone)
    # After a midnight that is shown twice, tomorrow's may be past already.
    return begins if begins > now else midnight(_shifted(now, in_zone, 2), in_zone)


def _shifted(now: datetime.datetime, in_zone: ZoneInfo, days: int) -> datetime.date:
    return now.astimezone(in_zone).date() + datetime.timedelta(days=days)
