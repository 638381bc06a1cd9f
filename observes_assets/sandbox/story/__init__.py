"""What happens to the company: processes on one queue, drawn from one seed.

A process is a generator that acts on the company and yields how long it waits, or until when. Because the
queue has one order and every draw comes from it, the clock can be moved in any steps to the same state.
"""

import heapq
import random
from collections.abc import Generator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import TypeVar

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Person

FOUNDED_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)  # a Monday, the first day of the first sprint
SPRINT_DAYS = 14
Process = Generator[timedelta | datetime, None, None]
Choice = TypeVar("Choice")


class Story:
    """The queue of what is going to happen, and the company that it happens to."""

    def __init__(self, seed: int, size: int = 1) -> None:
        # Here, so that the processes can import this module's words.
        from observes_assets.sandbox.story import beginning  # noqa: PLC0415

        self.seed = seed
        self.size = size
        self.company = Company(FOUNDED_AT)
        self._random = random.Random(seed)  # noqa: S311
        self._order = count()
        self._queue: list[tuple[datetime, int, Process]] = []
        self.begin(beginning.found(self))

    def begin(self, process: Process, at: datetime | None = None) -> None:
        """Let a process begin, now or later."""
        heapq.heappush(self._queue, (at or self.company.now, next(self._order), process))

    def live_until(self, at: datetime) -> None:
        """Let everything happen up to and including this moment."""
        while self._queue and self._queue[0][0] <= at:
            moment, _, process = heapq.heappop(self._queue)
            self.company.now = moment
            wait = next(process, None)
            if wait is not None:
                resumes_at = wait if isinstance(wait, datetime) else moment + wait
                heapq.heappush(self._queue, (max(resumes_at, moment), next(self._order), process))

    def chance(self, share: float) -> bool:
        """Whether something happens that happens this often."""
        return self._random.random() < share

    def pick(self, choices: Sequence[Choice], weights: Sequence[float] | None = None) -> Choice:
        """One of several."""
        return self._random.choices(choices, weights)[0]

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)

    def sample(self, choices: Sequence[Choice], size: int) -> list[Choice]:
        """Several different ones."""
        return self._random.sample(list(choices), min(size, len(choices)))

    def working_hours(self, low: int, high: int) -> timedelta:
        """A wait of so many working hours, eight a day, five days a week, as time on the clock."""
        days, minutes = divmod(self._random.randint(low * 60, high * 60), 8 * 60)
        end = self.company.now + timedelta(minutes=minutes, seconds=self._random.randint(0, 59))
        for _ in range(days):
            end = _past_the_weekend(end + timedelta(days=1))
        return _past_the_weekend(end) - self.company.now

    def somebody(self, team: str | None = None) -> Person:
        """A member of the organization, or of one team; anybody if the team is empty."""
        inside = self.company.teams[team].members if team else []
        return self.pick(inside or self.company.members())


def on(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of a day, UTC."""
    return datetime.combine(day, time(hour, minute), UTC)


def _past_the_weekend(moment: datetime) -> datetime:
    return moment + timedelta(days=7 - moment.weekday() if moment.weekday() > 4 else 0)
