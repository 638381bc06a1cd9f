"""Politeness: how many requests are under way, how many begin in a period, and what is left of the quotas.

One pace is shared by every thread of a run. GitHub answers those who go on hammering with bans, so what one
thread learns of a limit holds for all of them.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from observes_assets.contracts import RateLimit
from observes_assets.errors import TransientError

EVERYTHING = "everything"


class StoppedError(TransientError):
    """A limit is used up, and its reset is further away than we may wait."""


@dataclass(frozen=True)
class Quota:
    """What GitHub said last of one of its hourly limits; ``resets_at`` is UTC."""

    resource: str
    limit: int
    remaining: int
    resets_at: datetime


class Pace:
    """Hands out turns.

    Args:
        limit: requests in a period (of one kind: GitHub counts by endpoint), and how many at once.
        clock, sleep: in seconds; other ones for tests.
    """

    def __init__(
        self,
        limit: RateLimit,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.concurrency = limit.concurrency
        self.request_count = 0
        self.quotas: dict[str, Quota] = {}
        self._period = limit.period.total_seconds()
        self._begun: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=limit.requests))
        self._slots = threading.Semaphore(limit.concurrency)
        self._lock = threading.Lock()
        self._held_until = 0.0
        self._stopped: dict[str, Exception] = {}
        self._clock, self._sleep = clock, sleep

    @contextmanager
    def turn(self, kind: str, resource: str) -> Iterator[None]:
        """One request's turn; waits for it.

        Args:
            kind: what GitHub counts by: an endpoint, or ``graphql``.
            resource: the hourly limit that pays: ``core`` or ``graphql``.

        Raises:
            StoppedError: the limit is used up for this run.
        """
        with self._slots:
            while (delay := self._delay(kind, resource)) > 0:
                self._sleep(delay)
            yield

    def _delay(self, kind: str, resource: str) -> float:
        with self._lock:
            for name in (EVERYTHING, resource):
                if name in self._stopped:
                    raise self._stopped[name]
            now, begun = self._clock(), self._begun[kind]
            delay = self._held_until - now
            if begun.maxlen == len(begun):
                delay = max(delay, begun[0] + self._period - now)
            if delay <= 0:
                begun.append(now)
                self.request_count += 1
            return delay

    def hold(self, seconds: float) -> None:
        """Let nobody begin a request for so long."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def stop(self, error: Exception, resource: str = EVERYTHING) -> None:
        """Refuse every further turn that the resource pays for."""
        with self._lock:
            self._stopped.setdefault(resource, error)

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer's headers (lower case) say of the quotas."""
        try:
            quota = Quota(
                resource=headers["x-ratelimit-resource"],
                limit=int(headers["x-ratelimit-limit"]),
                remaining=int(headers["x-ratelimit-remaining"]),
                resets_at=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            )
        except (KeyError, ValueError):
            return  # GitHub Enterprise may have no limits, and then sends none of them
        with self._lock:
            self.quotas[quota.resource] = quota
