"""The world: a company, the story that happens to it, and a clock that can be moved."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import RLock

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.story import FOUNDED_AT, Story

DEFAULT_AT = datetime(2026, 11, 16, 9, tzinfo=UTC)


class World:
    """One company on one clock. Threads may share it: hold ``lock`` while reading more than one thing.
    Whoever changes ``company`` does it through ``change``, so that servers notice.

    Args:
        seed: another seed, another company.
        at: where the clock stands; timezone-aware, not before the company's founding.
        size: how much work there is, as a multiple of the small company's.
    """

    def __init__(self, seed: int = 1, at: datetime = DEFAULT_AT, *, size: int = 1) -> None:
        self.seed = seed
        self.size = size
        self.lock = RLock()
        self.version = 0  # rises with whatever moves the clock or changes the company
        self._changes: list[tuple[datetime, Callable[[Company], object]]] = []
        self._begin()
        self.set_clock(at)

    @property
    def now(self) -> datetime:
        """Where the clock stands (UTC)."""
        return self.company.now

    def set_clock(self, at: datetime) -> None:
        """Move the clock, forward or back; whole seconds.

        Raises:
            ValueError: before the founding, or without a time zone.
        """
        if at.tzinfo is None or at < FOUNDED_AT:
            raise ValueError(f"The clock takes a moment with a time zone, from {FOUNDED_AT} on.")
        at = at.astimezone(UTC).replace(microsecond=0)
        with self.lock:
            self.version += 1
            lived_until: datetime | None = self.company.now
            if at < self.company.now:
                self._begin()
                lived_until = None
            for when, change in sorted(self._changes, key=lambda one: one[0]):
                if (lived_until is None or when > lived_until) and when <= at:
                    self._live_until(when)
                    change(self.company)
            self._live_until(at)

    def change(self, change: Callable[[Company], object]) -> None:
        """Let something happen now that is not in the story; it is part of the world from then on.

        A clock moved back and forth again makes it happen at the same moment, so ``change`` may only use
        the company that it is given.
        """
        with self.lock:
            self.version += 1
            change(self.company)
            self._changes.append((self.company.now, change))

    def _begin(self) -> None:
        self._story = Story(self.seed, self.size)
        self.company = self._story.company

    def _live_until(self, at: datetime) -> None:
        self._story.live_until(at)
        self.company.now = at
