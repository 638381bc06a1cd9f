"""Which days are due: never read, not since they were over, in the tail, and now and then."""

from datetime import UTC, date, datetime, timedelta

import pytest

from observes_assets.sources.timedoctor.days import DAY, Plan, end_of, window

TODAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
PLAN = Plan(first=date(2026, 8, 1), today=TODAY, reread_days=35, memory_days=90)


def is_due(days_ago: int, read_before: timedelta | None, *, is_dear: bool = False) -> bool:
    read_at = None if read_before is None else NOW - read_before
    return PLAN.is_due(TODAY - days_ago * DAY, read_at, NOW, is_dear=is_dear)


@pytest.mark.parametrize("is_dear", [False, True])
def test_a_day_that_was_never_read_is_due_as_long_as_it_is_remembered(is_dear: bool) -> None:
    assert is_due(0, None, is_dear=is_dear)
    assert is_due(89, None, is_dear=is_dear)
    # Of the ninetieth, nine hours are forgotten by nine o'clock.
    assert not is_due(90, None, is_dear=is_dear)


def test_a_day_that_lasts_is_read_hourly_and_once_more_when_it_is_over() -> None:
    assert not is_due(0, timedelta(minutes=59))
    assert is_due(0, timedelta(hours=1))
    # Read yesterday evening, at eleven: an hour of it was missing.
    assert is_due(1, timedelta(hours=10))
    assert not is_due(1, timedelta(hours=1))


def test_the_tail_is_read_daily_and_what_is_older_weekly() -> None:
    assert is_due(35, timedelta(hours=20))
    assert not is_due(35, timedelta(hours=19))
    assert not is_due(36, timedelta(days=6))
    assert is_due(36, timedelta(days=7))
    assert not is_due(90, timedelta(days=400))


def test_what_takes_a_request_a_user_is_read_when_its_age_has_doubled_and_only_in_the_tail() -> None:
    over = end_of(TODAY - 10 * DAY)
    age = NOW - over
    assert is_due(10, age / 2, is_dear=True)
    assert not is_due(10, age / 2 - timedelta(hours=1), is_dear=True)
    assert not is_due(36, timedelta(days=30), is_dear=True)


def test_in_a_month_a_dear_day_is_read_a_few_times_and_another_daily() -> None:
    reads = {}
    for is_dear in (False, True):
        read_at, count, now = None, 0, datetime(2026, 9, 1, 12, tzinfo=UTC)
        day = now.date()
        while now.date() <= day + 35 * DAY:
            plan = Plan(day, now.date(), 35, 90)
            if plan.is_due(day, read_at, now, is_dear=is_dear):
                read_at, count = now, count + 1
            now += timedelta(hours=1)
        reads[is_dear] = count
    # Twelve while it lasts, then once a day, or six times.
    assert 12 + 35 <= reads[False] <= 12 + 43
    assert reads[True] == 12 + 7


def test_what_is_about_to_be_forgotten_comes_first_and_what_was_never_read_before_what_was() -> None:
    read_at = {day: NOW - timedelta(days=3) for day in PLAN.days() if day > date(2026, 10, 20)}
    due = PLAN.due(read_at, NOW, is_dear=False)
    assert due[0] == TODAY - 89 * DAY
    assert due == sorted(due)
    assert TODAY - 90 * DAY not in due
    read_at[due[0]] = NOW - timedelta(days=8)
    assert PLAN.due(read_at, NOW, is_dear=False)[0] == due[1]


def test_the_window_is_always_one_day_of_utc() -> None:
    assert window(date(2026, 12, 31)) == {"from": "2026-12-31T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
