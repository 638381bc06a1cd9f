"""Days of UTC, and which of them are due. Pure: no clock, no vendor.

A day is due if it was never read, or not since it was over; in the re-read tail again and again, since
laptops come online late and managers edit for weeks; after that now and then. Further back than the vendor's
memory nothing is asked for: an answer without rows would not mean a day without work.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)
_WHILE_IT_LASTS = timedelta(hours=1)
_DAILY = timedelta(hours=20)  # less than a day, so that a run that begins a little early finds it due
_WEEKLY = timedelta(days=7)


@dataclass(frozen=True)
class Plan:
    """Which days are wanted.

    Args:
        first: from here on no day may be missing.
        today: the vendor's own day (UTC), which is not over.
        reread_days: the length of the tail.
        memory_days: how far back the vendor remembers.
    """

    first: date
    today: date
    reread_days: int
    memory_days: int

    def days(self) -> Iterator[date]:
        """Every day from the first to today."""
        return between(self.first, self.today)

    def is_remembered(self, day: date) -> bool:
        """Whether the vendor still knows all of the day: the one that its memory ends in it knows in part."""
        return (self.today - day).days < self.memory_days

    def is_in_tail(self, day: date) -> bool:
        """Whether changes of the day are to be expected."""
        return (self.today - day).days <= self.reread_days

    def is_due(self, day: date, read_at: datetime | None, now: datetime, *, is_dear: bool) -> bool:
        """Whether a day has to be read now.

        Args:
            read_at: when it was last read well (UTC); None: never.
            is_dear: it takes a request a user, so it is read when its age has doubled, and only in the tail.
        """
        if not self.is_remembered(day):
            return False
        if read_at is None:
            return True
        over, since = end_of(day), now - read_at
        if read_at < over:
            return now >= over or since >= _WHILE_IT_LASTS
        if not self.is_in_tail(day):
            return not is_dear and since >= _WEEKLY
        return since >= _DAILY and (not is_dear or now - over >= 2 * (read_at - over))

    def due(self, read_at: Mapping[date, datetime], now: datetime, *, is_dear: bool) -> list[date]:
        """The days that have to be read now: first those that the vendor will forget first."""
        found = [day for day in self.days() if self.is_due(day, read_at.get(day), now, is_dear=is_dear)]
        return sorted(found, key=lambda day: (day in read_at, day))


def between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + number * DAY


def begin_of(day: date) -> datetime:
    """The day's midnight (UTC)."""
    return datetime.combine(day, time(), UTC)


def end_of(day: date) -> datetime:
    """The next day's midnight (UTC)."""
    return begin_of(day + DAY)


def window(day: date) -> dict[str, str]:
    """The day as TimeDoctor takes it: ``from`` included, ``to`` not. A day alone, always from midnight to
    midnight: whether it clips or repeats what crosses the edge, it does so the same way each time.
    """
    return {
        name: at.strftime("%Y-%m-%dT%H:%M:%SZ") for name, at in (("from", begin_of(day)), ("to", end_of(day)))
    }
