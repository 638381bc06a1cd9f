"""Months of a time zone, and when they close. Pure.

A month is given by its first day. Instants are time-zone-aware; what is returned is UTC. An instant is in
the month that a wall calendar of the zone shows, also where clocks change at midnight.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def month_of(instant: datetime, time_zone: str) -> date:
    """First day of the month that contains an instant."""
    return instant.astimezone(ZoneInfo(time_zone)).date().replace(day=1)


def next_month(month: date) -> date:
    """First day of the following month."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """Every month from ``first`` to ``last``, both included."""
    months = []
    while first <= last:
        months.append(first)
        first = next_month(first)
    return months


def month_end(month: date, time_zone: str) -> datetime:
    """The first instant after a month."""
    return _midnight(next_month(month), time_zone)


def close_moment(month: date, time_zone: str, close_day: int) -> datetime:
    """00:00 of the ``close_day``-th working day (Monday to Friday, no holidays) of the next month."""
    day = next_month(month)
    left = close_day - 1
    while day.weekday() >= 5 or left > 0:
        left -= day.weekday() < 5
        day += timedelta(days=1)
    return _midnight(day, time_zone)


def _midnight(day: date, time_zone: str) -> datetime:
    # A midnight that doesn't exist is taken with the offset before the change, which is the instant of the
    # change; one that exists twice is taken the first time (fold=0): both are the day's first instant.
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def month_text(month: date) -> str:
    """A month as people write it: ``2024-05``."""
    return f"{month:%Y-%m}"
