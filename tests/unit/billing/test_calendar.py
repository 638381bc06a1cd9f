from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observes_assets.billing.calendar import (
    close_moment,
    month_end,
    month_of,
    month_text,
    months_between,
    next_month,
)

ZONES = [
    "UTC",
    "America/Bogota",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Apia",
]


@given(st.integers(31536000, 2114380800), st.sampled_from(ZONES))
def test_every_instant_lies_between_the_ends_of_its_month_and_the_one_before(seconds: int, zone: str) -> None:
    instant = datetime.fromtimestamp(seconds, UTC)
    month = month_of(instant, zone)
    before = (month - timedelta(days=1)).replace(day=1)
    assert month_end(before, zone) <= instant < month_end(month, zone)


def test_a_month_ends_at_its_zones_midnight() -> None:
    assert month_end(date(2024, 5, 1), "America/Bogota") == datetime(2024, 6, 1, 5, tzinfo=UTC)
    assert month_of(datetime(2024, 6, 1, 4, 59, tzinfo=UTC), "America/Bogota") == date(2024, 5, 1)
    assert month_of(datetime(2024, 6, 1, 5, tzinfo=UTC), "America/Bogota") == date(2024, 6, 1)


def test_a_month_that_begins_with_a_change_of_clocks() -> None:
    # Havana, 1 April 2012: 00:00 did not exist, clocks went from 00:00 -05:00 to 01:00 -04:00.
    end = month_end(date(2012, 3, 1), "America/Havana")
    assert end == datetime(2012, 4, 1, 5, tzinfo=UTC)
    assert end.astimezone(ZoneInfo("America/Havana")).hour == 1


@pytest.mark.parametrize(
    ("month", "day", "expected"),
    [
        (date(2024, 5, 1), 1, date(2024, 6, 3)),  # 1 June 2024 is a Saturday
        (date(2024, 5, 1), 3, date(2024, 6, 5)),
        (date(2024, 6, 1), 1, date(2024, 7, 1)),  # a Monday
        (date(2024, 6, 1), 6, date(2024, 7, 8)),  # over a weekend
        (date(2024, 12, 1), 3, date(2025, 1, 3)),  # no holidays: 1 January is a Wednesday
    ],
)
def test_working_days_are_monday_to_friday(month: date, day: int, expected: date) -> None:
    moment = datetime(expected.year, expected.month, expected.day, tzinfo=UTC)
    assert close_moment(month, "UTC", day) == moment


def test_the_closing_moment_is_midnight_in_the_zone() -> None:
    assert close_moment(date(2024, 5, 1), "America/Bogota", 3) == datetime(2024, 6, 5, 5, tzinfo=UTC)


def test_months_run_over_the_year() -> None:
    months = months_between(date(2023, 11, 1), date(2024, 2, 1))
    assert [month_text(month) for month in months] == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert months_between(date(2024, 2, 1), date(2024, 1, 1)) == []
    assert next_month(date(2024, 12, 31)) == date(2025, 1, 1)
